"""Gains that move along straight lines within each cell, and the saturation and stereo stages between them."""

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


@numba.njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def saturate(x: NDArray[np.float32], ceiling: np.float32, previous: np.float32) -> np.float32:
    """Round off what nears `ceiling`, in place; small signals pass unchanged. Returns `previous` for the next block.

    The curve is c(u) = u / sqrt(1 + u^2) of u = x / ceiling. Only the difference c(u) - u is made by first-order
    antiderivative anti-aliasing, so that the signal itself keeps its treble and a drive of nothing is a bypass. The
    price is that treble is rounded off less than bass: half the step between two frames always passes. The
    antiderivative is sqrt(1 + u^2), whose difference quotient has a closed form that never divides by zero.

    Args:
        x: (frames,).
        ceiling: linear, above 0: what the output approaches.
        previous: the last frame before this block, as it came.
    Source: J. Parker, V. Zavalishin, E. Le Bivic, Reducing the aliasing of nonlinear waveshaping using
    continuous-time convolution, DAFx 2016.
    """
    scale = np.float32(1.0) / ceiling
    half = np.float32(0.5)
    one = np.float32(1.0)
    for i in range(x.size):
        frame = x[i]
        u = frame * scale
        v = previous * scale
        curve = (u + v) / (np.sqrt(one + u * u) + np.sqrt(one + v * v))
        x[i] = frame + ceiling * (curve - half * (u + v))
        previous = frame
    return previous


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
