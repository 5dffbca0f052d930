"""Gains that move along straight lines within each cell, and the stages that add, turn to mid and side, and back."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def apply_gains(x: NDArray[np.float32], gains: NDArray[np.float32], cell: int) -> None:
    """Multiply `x`, (frames,), in place.

    Args:
        gains: linear, (cells + 1,): at the edges of the cells.
        cell: frames.
    """
    for c in range(gains.size - 1):
        gain = gains[c]
        step = (gains[c + 1] - gain) / np.float32(cell)
        start = c * cell
        for i in range(start, min(start + cell, x.size)):
            x[i] *= gain + step * np.float32(i - start)


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def add_scaled(total: NDArray[np.float32], x: NDArray[np.float32], gain: np.float32) -> None:
    """Add `gain` times `x` to `total`, (frames,) each, in place."""
    for i in range(x.size):
        total[i] += gain * x[i]


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def to_mid_side(left: NDArray[np.float32], right: NDArray[np.float32], side_gain: np.float32) -> None:
    """Turn left and right, (frames,) each, into mid and side times `side_gain`, in place."""
    half = np.float32(0.5)
    for i in range(left.size):
        mid = half * (left[i] + right[i])
        right[i] = side_gain * (half * (left[i] - right[i]))
        left[i] = mid


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def to_left_right(mid: NDArray[np.float32], side: NDArray[np.float32]) -> None:
    """The reverse of `to_mid_side` with a gain of 1, in place."""
    for i in range(mid.size):
        left = mid[i] + side[i]
        side[i] = mid[i] - side[i]
        mid[i] = left
