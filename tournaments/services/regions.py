"""Where a song is listened to: its highlight, and another excerpt that battles leave alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mixing.audio.decode import AudioSource

Region = tuple[float, float]

# Enough to judge what is heard when, and a song of an hour fits into memory.
OVERVIEW_HZ = 22_050
# Shorter stretches are no music to compare.
MIN_EXCERPT_S = 5.0
# Of a stretch as long as this the best part is looked for.
CHOICE_FROM_S = 20.0


@dataclass(frozen=True)
class Regions:
    """Where a song is listened to, start and end in seconds; disjoint where the song is long enough for both.

    A chorus is the part of its region that the song comes back to, None where none stands out.
    """

    highlight: Region
    excerpt: Region
    highlight_chorus: Region | None
    excerpt_chorus: Region | None


def find_regions(source: AudioSource) -> Regions:
    """Highlight and excerpt of a song, and their choruses."""
    # Scipy stays out of the web process.
    from mixing.audio.highlight import find_refrains

    audio, rate = overview(source)
    highlight, excerpt = _two_places(audio, rate, source.n_frames / source.sample_rate)
    return Regions(highlight, excerpt, *find_refrains(audio, rate, (highlight, excerpt)))


def _two_places(audio: NDArray[np.float32], rate: int, duration_s: float) -> tuple[Region, Region]:
    # Scipy stays out of the web process.
    from mixing.audio.highlight import find_highlight

    found = find_highlight(audio, rate)
    highlight = (found.start_s, found.end_s)
    start_s, end_s = _longest_rest(highlight, duration_s)
    if end_s - start_s >= CHOICE_FROM_S:
        best = find_highlight(audio[:, round(start_s * rate) : round(end_s * rate)], rate)
        return highlight, (start_s + best.start_s, min(start_s + best.end_s, end_s))
    if end_s - start_s >= MIN_EXCERPT_S:
        return highlight, (start_s, end_s)
    return highlight, _far_half(highlight, duration_s)


def overview(source: AudioSource) -> tuple[NDArray[np.float32], int]:
    """The song in mono at a low rate, (1, frames), and that rate: runs of frames are averaged."""
    n_averaged = max(1, source.sample_rate // OVERVIEW_HZ)
    parts = []
    rest = np.empty(0, dtype=np.float32)
    for block in source.blocks():
        mono = np.concatenate([rest, block.mean(axis=0)])
        n_whole = mono.size // n_averaged * n_averaged
        parts.append(mono[:n_whole].reshape(-1, n_averaged).mean(axis=1))
        rest = mono[n_whole:]
    return np.concatenate(parts)[None], source.sample_rate // n_averaged


def _longest_rest(highlight: Region, duration_s: float) -> Region:
    start_s, end_s = highlight
    return (0.0, start_s) if start_s >= duration_s - end_s else (end_s, duration_s)


def _far_half(highlight: Region, duration_s: float) -> Region:
    """Of a song that is hardly longer than its highlight: the half with less of it."""
    length_s = max(MIN_EXCERPT_S, duration_s / 2.0)
    is_late = sum(highlight) / 2.0 > duration_s / 2.0
    return (0.0, length_s) if is_late else (duration_s - length_s, duration_s)
