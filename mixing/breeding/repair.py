"""The repair ratio: how much of a difference between two versions of a song a mixer takes away.

A mixer gets a clean song and the same song with its tone spoiled. If it hears what is wrong, the two results lie closer
together than the two inputs did. Whatever it does to both alike, such as a fixed equalizer or gain, cancels: a preset
has a ratio of exactly 1. Flattening every song towards one curve would win it too, which is why it only counts together
with bounded movement on clean songs.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, THIRD_OCTAVES_HZ
from mixing.training.effects import bus_eq_db, physical

# Curves are judged where every format and rate in the sets carries sound.
JUDGED = (THIRD_OCTAVES_HZ >= 40.0) & (THIRD_OCTAVES_HZ <= 14_000.0)
# Bands this far below loudness carry no sound that an equalizer could mend.
AUDIBLE_DB = -60.0


def eq_curves_db(normalized: NDArray[np.float32]) -> NDArray[np.float64]:
    """The equalizer curve of each row of normalized settings, (songs, 28) dB at THIRD_OCTAVES_HZ."""
    return bus_eq_db(physical(torch.from_numpy(normalized))).numpy().astype(np.float64)


def repair_ratios(
    on_clean: NDArray[np.float32],
    on_degraded: NDArray[np.float32],
    clean_stats: NDArray[np.float32],
    degraded_stats: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Measure d(M(degraded), M(clean)) / d(degraded, clean) for each pair of versions.

    Args:
        on_clean, on_degraded: (songs, settings) the mixer's normalized answers.
        clean_stats, degraded_stats: (songs, N_STATS) of the same songs.
    Returns: (songs,), 0 for a full repair, 1 for none; d is the rms over third octaves of the difference in dB after
        its mean (a mere gain) is taken away.
    """
    before = _gap(degraded_stats[:, MID_BANDS] - clean_stats[:, MID_BANDS], clean_stats)
    moved = eq_curves_db(on_degraded) - eq_curves_db(on_clean)
    after = _gap(degraded_stats[:, MID_BANDS] + moved - clean_stats[:, MID_BANDS], clean_stats)
    return after / np.maximum(before, 1e-6)


def movement_db(on_clean: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far the equalizer moves each clean song: rms over third octaves, its mean taken away; (songs,) dB."""
    curves = eq_curves_db(on_clean)[:, JUDGED]
    return np.sqrt(np.mean((curves - curves.mean(axis=1, keepdims=True)) ** 2, axis=1))


def _gap(difference_db: NDArray[np.floating], clean_stats: NDArray[np.float32]) -> NDArray[np.float64]:
    weight = (JUDGED & (clean_stats[:, MID_BANDS] > AUDIBLE_DB)).astype(np.float64)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    mean = (difference_db * weight).sum(axis=1, keepdims=True) / total
    return np.sqrt((((difference_db - mean) ** 2) * weight).sum(axis=1) / total[:, 0])
