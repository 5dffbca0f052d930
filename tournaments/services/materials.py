"""What mixes are made of: the one file of a song, or its stems on one clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from mixing.audio.alignment import AlignedSource, align
from mixing.audio.decode import AudioSource, open_source, probe
from mixing.console.spec import MixSettings
from tournaments.models import Song

if TYPE_CHECKING:
    from mixing.console.renderer import RenderReport

Block = NDArray[np.float32]
Sink = Callable[[Block], None]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Material:
    """The sound that a mix is made of: one source, which is mastered, or several of one rate and length."""

    sources: tuple[AudioSource, ...]

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.sources[0].sample_rate

    @property
    def channels(self) -> int:
        """Of the mix: stems always make stereo."""
        return self.sources[0].channels if len(self.sources) == 1 else 2

    @property
    def n_frames(self) -> int:
        """Of the mix."""
        return self.sources[0].n_frames

    def render(self, chosen: MixSettings, sink: Sink, *, progress: Progress | None = None) -> RenderReport:
        """Mix it in full length; `sink` gets the blocks in order. Raises AudioError, SettingsError."""
        # Numba stays out of the web process.
        from mixing.console.renderer import render_stems, render_stream

        if len(self.sources) == 1:
            return render_stream(self.sources[0], chosen, sink, progress=progress, n_threads=n_threads())
        return render_stems(self.sources, chosen, sink, progress=progress, n_threads=n_threads())


def material_of(song: Song) -> Material:
    """A song's sound. Raises AudioError where a file cannot be read."""
    if song.n_stems == 1:
        return Material((open_source(Path(song.file.path)),))
    return aligned([Path(stem.file.path) for stem in song.stems.all()])


def aligned(paths: Sequence[Path]) -> Material:
    """Stems from their files, at the rate that most of them have, as long as the longest. Raises AudioError."""
    infos = [probe(path, max_duration_s=None, min_duration_s=0.0) for path in paths]
    alignment = align(infos)
    return Material(tuple(AlignedSource(open_source(path), alignment) for path in paths))


def n_threads() -> int:
    """A render worker's share of the cores."""
    return max(1, settings.CPU_CORES // settings.RENDER_PROCESSES)
