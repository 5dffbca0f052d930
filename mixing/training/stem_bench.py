"""MixBench for songs in stems: does a mixer find the author's balance again?

Held-out songs at their authors' balance are thrown out of it by a fixed seed, levels by up to 12 dB, tone and sides
too. What counts is how far each stem's level ends from the author's, up to a gain that all share. Beside a mixer stand
doing nothing and the equal-loudness sum, which is all that can be done without knowing what belongs in front.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mixing.errors import AudioError
from mixing.mixers.base import Mixer
from mixing.training.feature_sets import DATA_DIR
from mixing.training.probe import Interval, bootstrap
from mixing.training.stem_songs import StemSong, pack, unpack
from mixing.training.strip_rules import STRIP_STYLES, StripStyle
from mixing.training.strips import BASE, measure_levels

SEED = 5_519
STEMS_PATH = DATA_DIR / "stems.npz"


@dataclass(frozen=True)
class StemResult:
    """Mean absolute errors of level balance, LU, over songs.

    Attributes:
        mixer, nothing, equal: errors of the mixer, of doing nothing, and of the equal-loudness sum.
        gain: the equal-loudness sum's error minus the mixer's, song by song; above 0 the mixer is nearer.
    """

    slug: str
    mixer: Interval
    nothing: Interval
    equal: Interval
    gain: Interval

    def to_dict(self) -> dict[str, object]:
        """A JSON-able form."""
        return {k: v.to_dict() if isinstance(v, Interval) else v for k, v in self.__dict__.items()}


def judge_stems(mixers: Mapping[str, Mixer], songs: Sequence[StemSong]) -> list[StemResult]:
    """Judge mixers by slug on held-out songs; intervals are over source works."""
    styles: dict[str, StripStyle] = {style.slug: style for style in STRIP_STYLES}
    works = [song.work for song in songs]
    results = []
    for slug, mixer in mixers.items():
        report = measure_levels(mixer.network.strips, songs, styles.get(slug, BASE), seed=SEED)

        def interval(values: np.ndarray) -> Interval:
            return bootstrap(lambda rows: float(values[rows].mean()), len(songs), groups=works)

        results.append(
            StemResult(
                slug,
                interval(report.mixer),
                interval(report.nothing),
                interval(report.equal),
                interval(report.equal - report.mixer),
            )
        )
    return results


def save_stems(songs: Sequence[StemSong], path: Path = STEMS_PATH) -> None:
    """Write the held-out songs as the small set that ships with the project."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = pack(songs)
    np.savez_compressed(buffer, **arrays)
    path.write_bytes(buffer.getvalue())


def load_stems(path: Path = STEMS_PATH) -> list[StemSong]:
    """Read them. Raises AudioError where the file is missing."""
    if not path.exists():
        raise AudioError(f"The feature set {path.name} is missing. Restore mixing/data.", code="empty")
    with np.load(path, allow_pickle=False) as data:
        return unpack({name: data[name] for name in data.files})
