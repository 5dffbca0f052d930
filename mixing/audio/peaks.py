"""Waveform peaks: what a picture of a song needs of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.audio.decode import AudioSource

FULL_SCALE = 127


def waveform_peaks(source: AudioSource, n_points: int = 1200) -> NDArray[np.int8]:
    """The lowest and highest value of each stretch of a song, both channels averaged.

    Args:
        n_points: stretches of equal length, more than the song has frames leaves some of them flat.
    Returns: (2, n_points), -127 to 127; 127 is full scale, and what lies beyond is cut.
    Raises: AudioError where the source cannot be read to its end.
    """
    lows, highs = np.zeros(n_points), np.zeros(n_points)
    position = 0
    for block in source.blocks():
        mid = block.mean(axis=0)
        point = np.arange(position, position + mid.size) * n_points // max(1, source.n_frames)
        starts = np.flatnonzero(np.diff(point, prepend=-1))
        at = point[starts]
        lows[at] = np.minimum(lows[at], np.minimum.reduceat(mid, starts))
        highs[at] = np.maximum(highs[at], np.maximum.reduceat(mid, starts))
        position += mid.size
    scaled = np.clip(np.rint(FULL_SCALE * np.stack([lows, highs])), -FULL_SCALE, FULL_SCALE)
    return scaled.astype(np.int8)
