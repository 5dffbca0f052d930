"""Saturation at twice the sample rate: what it adds is made there, and only that comes back down.

The signal itself is never filtered, so that it keeps its treble and a drive of nothing is a bypass. The curve's
antiderivative takes away most of what twice the rate cannot hold. Source: J. Parker, V. Zavalishin, E. Le Bivic,
Reducing the aliasing of nonlinear waveshaping using continuous-time convolution, DAFx 2016.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

# Half of the taps of a half-band filter between two frames, nearest first: a windowed sinc that passes 19 kHz at
# 44.1 kHz. What it lets through above half the sample rate lies 40 dB down.
N_PAIRS = 10
KAISER_BETA = 4.5
# Frames that a driven frame depends on, on either side.
REACH = 2 * N_PAIRS - 1
# Made and used in pieces that stay in the first-level cache.
PIECE = 1024


def half_band_taps() -> NDArray[np.float64]:
    """The taps of one side, (N_PAIRS,), nearest first."""
    offsets = np.arange(N_PAIRS) + 0.5
    window = np.i0(KAISER_BETA * np.sqrt(1.0 - (offsets / N_PAIRS) ** 2)) / np.i0(KAISER_BETA)
    taps = np.sinc(offsets) * window
    return np.asarray(0.5 * taps / taps.sum())


_TAPS = tuple(half_band_taps().astype(np.float32))


@numba.njit(nogil=True, cache=True)
def saturate(padded: NDArray[np.float32], ceiling: float, out: NDArray[np.float32]) -> None:
    """Round off what nears `ceiling`; small signals pass unchanged.

    The curve is c(u) = u / sqrt(1 + u^2) of u = x / ceiling.

    Args:
        padded: REACH frames before the block, the block, REACH frames after it; finite.
        ceiling: linear, above 0: what the output approaches.
        out: (frames of the block,), which may not overlap `padded`.
    """
    between = np.empty(PIECE + REACH, dtype=np.float32)
    before = np.empty(PIECE + REACH + 1, dtype=np.float32)
    behind = np.empty(PIECE + REACH, dtype=np.float32)
    for start in range(0, out.size, PIECE):
        n = min(PIECE, out.size - start)
        x = padded[start : start + n + 2 * REACH]
        _interpolate(x, between[: n + REACH])
        _differences(x, np.float32(1.0 / ceiling), between[: n + REACH], before[: n + REACH + 1], behind[: n + REACH])
        _add_back(x, np.float32(ceiling), before[: n + REACH + 1], behind[: n + REACH], out[start : start + n])


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def _interpolate(x: NDArray[np.float32], between: NDArray[np.float32]) -> None:
    """What lies half a frame after frame N_PAIRS - 1 + i of `x`, into between[i]."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 = _TAPS
    for i in range(between.size):
        a = t0 * (x[i + 9] + x[i + 10]) + t1 * (x[i + 8] + x[i + 11]) + t2 * (x[i + 7] + x[i + 12])
        b = t3 * (x[i + 6] + x[i + 13]) + t4 * (x[i + 5] + x[i + 14]) + t5 * (x[i + 4] + x[i + 15])
        c = t6 * (x[i + 3] + x[i + 16]) + t7 * (x[i + 2] + x[i + 17])
        between[i] = a + b + c + t8 * (x[i + 1] + x[i + 18]) + t9 * (x[i] + x[i + 19])


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"}, error_model="numpy")
def _differences(
    x: NDArray[np.float32],
    scale: np.float32,
    between: NDArray[np.float32],
    before: NDArray[np.float32],
    behind: NDArray[np.float32],
) -> None:
    """What the curve adds, over its ceiling, on the way to frame N_PAIRS - 1 + i of `x` and on the way from it.

    Each is the mean over half a frame, from the curve's antiderivative sqrt(1 + u^2): its difference quotient has a
    closed form that never divides by zero. before[0] is left alone.
    """
    half, one = np.float32(0.5), np.float32(1.0)
    for i in range(behind.size):
        u, v = scale * between[i], scale * x[i + N_PAIRS - 1]
        behind[i] = (u + v) / (np.sqrt(one + u * u) + np.sqrt(one + v * v)) - half * (u + v)
    for i in range(1, before.size):
        u, v = scale * x[i + N_PAIRS - 1], scale * between[i - 1]
        before[i] = (u + v) / (np.sqrt(one + u * u) + np.sqrt(one + v * v)) - half * (u + v)


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def _add_back(
    x: NDArray[np.float32],
    ceiling: np.float32,
    before: NDArray[np.float32],
    behind: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Means of two neighbors lie on the frames and between them again; those are filtered and added."""
    t0, t1, t2, t3, t4, t5, t6, t7, t8, t9 = _TAPS
    half = np.float32(0.5)
    late = np.empty(behind.size, dtype=np.float32)
    for i in range(late.size):
        late[i] = half * (behind[i] + before[i + 1])
    for i in range(out.size):
        a = t0 * (late[i + 9] + late[i + 10]) + t1 * (late[i + 8] + late[i + 11]) + t2 * (late[i + 7] + late[i + 12])
        b = t3 * (late[i + 6] + late[i + 13]) + t4 * (late[i + 5] + late[i + 14]) + t5 * (late[i + 4] + late[i + 15])
        c = t6 * (late[i + 3] + late[i + 16]) + t7 * (late[i + 2] + late[i + 17])
        around = a + b + c + t8 * (late[i + 1] + late[i + 18]) + t9 * (late[i] + late[i + 19])
        early = half * (before[i + N_PAIRS] + behind[i + N_PAIRS])
        out[i] = x[i + REACH] + ceiling * half * (early + around)
