"""Gated loudness and loudness range, from the K-weighted power of hops of 100 ms.

Sources: ITU-R BS.1770-5, Annex 1 (integrated loudness); EBU Tech 3342 (loudness range).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

HOP_S = 0.1
# Blocks of 400 ms that overlap by 75 %, and short-term loudness over 3 s.
BLOCK_HOPS = 4
SHORT_TERM_HOPS = 30
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (10.0, 95.0)
# What a full-scale sine of 1 kHz would read too high without it.
OFFSET_LU = -0.691


def gated_lufs(hop_powers: NDArray[np.float64]) -> float:
    """Integrated loudness.

    Args:
        hop_powers: K-weighted mean square of each hop, summed over the channels, (hops,).
    Returns: LUFS; -inf where nothing passes the absolute gate.
    """
    blocks = moving_mean(hop_powers, BLOCK_HOPS)
    loud = blocks[to_lufs(blocks) > ABSOLUTE_GATE_LUFS]
    if loud.size == 0:
        return -math.inf
    gate_lufs = float(to_lufs(np.array([loud.mean()]))[0]) + RELATIVE_GATE_LU
    kept = loud[to_lufs(loud) > gate_lufs]
    return float(to_lufs(np.array([kept.mean()]))[0])


def gated_range_lu(hop_powers: NDArray[np.float64]) -> float:
    """Loudness range in LU, 0 where nothing passes the gates. `hop_powers` as in `gated_lufs`."""
    blocks = moving_mean(hop_powers, SHORT_TERM_HOPS)
    loud = blocks[to_lufs(blocks) > ABSOLUTE_GATE_LUFS]
    if loud.size == 0:
        return 0.0
    gate_lufs = float(to_lufs(np.array([loud.mean()]))[0]) + RANGE_GATE_LU
    low, high = np.percentile(to_lufs(loud[to_lufs(loud) > gate_lufs]), RANGE_PERCENTILES)
    return float(high - low)


def to_lufs(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of K-weighted powers; -inf for none."""
    with np.errstate(divide="ignore"):
        return OFFSET_LU + 10.0 * np.log10(powers)


def moving_mean(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Means of every `n` neighbours, (values - n + 1,); of all, (1,), where there are fewer; none of none."""
    if values.size == 0:
        return values
    if values.size < n:
        return np.array([values.mean()])
    return np.lib.stride_tricks.sliding_window_view(values, n).mean(axis=1)
