"""Mixes for engineers, as zips: the stems behind their strips, and a REAPER project with the stems before them."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixing.audio.archive import unique_names
from mixing.audio.encode import write_audio
from mixing.console.spec import MixSettings
from tournaments.models import Mix
from tournaments.services.materials import material_of

STEMS_README = """Every file is a stem behind its channel strip: equalized, compressed, driven, at its level and place.
"reverb" is the return of the reverb bus. Added up they are the mix before its mix bus; the mix bus (equalizer,
compressor, saturation, width, loudness, limiter) is in settings.json and not in these files.
32-bit floating point: nothing is clipped.
"""


def write_stems(mix: Mix, path: Path) -> None:
    """Write the processed stems of a mix of several, whole or not at all. Raises AudioError, OSError."""
    # Numba stays out of the web process.
    from mixing.console.stems import printed_stems

    material, settings = material_of(mix.song), MixSettings.from_dict(mix.console_settings or {})
    names = _file_names(mix)
    with _zip(path) as bundle:
        bundle.writestr("README.txt", STEMS_README)
        bundle.writestr("settings.json", settings_json(mix))
        for number, blocks in printed_stems(material.sources, settings):
            name = "reverb" if number is None else names[number]
            _add_sound(bundle, f"{name}.wav", blocks, material.sample_rate, 2, path.parent)


def write_project(mix: Mix, path: Path) -> None:
    """Write a REAPER project of a mix with its stems, aligned and untouched. Raises AudioError, OSError."""
    # Numba stays out of the web process.
    from mixing.console.reaper import ReaperStem, reaper_project

    song, report = mix.song, mix.report or {}
    material, settings = material_of(song), MixSettings.from_dict(mix.console_settings or {})
    names = _file_names(mix)
    strips = report.get("strips") or [{"input_lufs": None}] * len(names)
    stems = [
        ReaperStem(
            name=name,
            file=f"stems/{name}.wav",
            duration_s=material.n_frames / material.sample_rate,
            channels=source.channels,
            loudness_lufs=strip["input_lufs"],
        )
        for name, source, strip in zip(names, material.sources, strips, strict=True)
    ]
    project = reaper_project(
        stems,
        settings,
        title=song.title,
        sample_rate=material.sample_rate,
        bus_lufs=report["input_lufs"],
        gain_db=report["gain_db"],
    )
    with _zip(path) as bundle:
        bundle.writestr(f"{safe_name(song.title)}.rpp", project)
        bundle.writestr("settings.json", settings_json(mix))
        for name, source in zip(names, material.sources, strict=True):
            _add_sound(bundle, f"stems/{name}.wav", source.blocks(), source.sample_rate, source.channels, path.parent)


def settings_json(mix: Mix) -> str:
    """A mix's settings in physical units, what they are for, and what they did."""
    song = mix.song
    return json.dumps(
        {
            "song": song.title,
            "mixer": mix.mixer.name,
            "stems": [stem.name for stem in song.stems.all()],
            "settings": mix.console_settings,
            "report": mix.report,
        },
        indent=2,
        ensure_ascii=False,
    )


def _file_names(mix: Mix) -> list[str]:
    stems = list(mix.song.stems.all())
    names = [stem.name for stem in stems] or [mix.song.title]
    return unique_names([f"{i:02d} {safe_name(name)}" for i, name in enumerate(names, start=1)])


def safe_name(name: str) -> str:
    """A name that every file system takes."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]+', " ", name).strip(" .")[:60] or "stem"


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    partial = path.with_name(f"{path.name}.part")
    try:
        # Sound in floating point hardly gets smaller.
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as bundle:
            yield bundle
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _add_sound(
    bundle: zipfile.ZipFile, name: str, blocks: Iterable[NDArray[np.float32]], rate: int, channels: int, folder: Path
) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        sound = Path(temporary) / "sound.wav"
        write_audio(sound, blocks, rate, channels, "wav32f", seed=0)
        bundle.write(sound, name)
