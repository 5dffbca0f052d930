"""Recorded songs in parts: a folder of files of one length, whose sum is the mix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from mixing.audio.roles import guess_role
from mixing.errors import AudioError
from mixing.training.multitrack.rendering import MAX_S, RATE, StemLabel, Stems, audible_stems

RECORDED_SUFFIXES = (".ogg", ".wav", ".flac")


def stem_files(folder: Path) -> list[Path]:
    """The files of a folder that are stems, in name order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in RECORDED_SUFFIXES)


def read_recorded(folder: Path) -> Stems | None:
    """The parts in a folder, at most MAX_S of them; None where they are too few or too short.

    Raises: AudioError for a file that cannot be read.
    """
    audio, labels = [], []
    for path in stem_files(folder):
        try:
            data, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise AudioError(f"{path.name} cannot be read. Fetch it again.", code="corrupt") from error
        data = data[: int(MAX_S * rate)]
        if rate != RATE:
            data = soxr.resample(data, rate, RATE)
        audio.append(np.ascontiguousarray(np.broadcast_to(data, (len(data), 2)).T))
        labels.append(StemLabel(path.stem, guess_role(path.name, audio[-1], RATE).role, None, None))
    if not audio:
        return None
    length = min(stem.shape[1] for stem in audio)
    return audible_stems([stem[:, :length] for stem in audio], labels, RATE, min_stems=2)
