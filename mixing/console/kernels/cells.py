"""What is recorded of each cell of a channel: energies and true peaks. Levels and gains are decided on cells alone.

A cell is a run of frames shorter than a millisecond. Blocks hold whole cells, but for the last one of a song.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.audio.true_peak import ANNEX_2_TAPS
from mixing.console.kernels.bands import SILENCE

N_TAPS = ANNEX_2_TAPS.shape[1]
# The interpolated signal lies this many frames behind.
DELAY = N_TAPS // 2
# Heights are made and used in pieces that stay in the first-level cache.
PIECE = 2048
_EARLY = tuple(np.float32(tap) for tap in ANNEX_2_TAPS[0])
_LATE = tuple(np.float32(tap) for tap in ANNEX_2_TAPS[1])


def new_energy_state() -> NDArray[np.float64]:
    """The K-weighting's memory, (3, 2)."""
    return np.zeros((3, 2))


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def k_energies(
    x: NDArray[np.float32],
    sections: NDArray[np.float64],
    state: NDArray[np.float64],
    cell: int,
    out: NDArray[np.float32],
    levels: NDArray[np.float32],
) -> None:
    """Write the K-weighted energy (sum of squares) of each cell of `x`, (frames,), into `out`, (cells,).

    Args:
        sections: (2, 5), of BS.1770 Annex 1, each [b0, b1, b2, a1, a2].
        state: (3, 2), left as the next block needs it.
        cell: frames.
        levels: gets the mean square of each cell, (cells,), not finite where `x` is not; empty where it is not wanted.
    """
    (b00, b01, b02, a01, a02) = sections[0, 0], sections[0, 1], sections[0, 2], sections[0, 3], sections[0, 4]
    (b10, b11, b12, a11, a12) = sections[1, 0], sections[1, 1], sections[1, 2], sections[1, 3], sections[1, 4]
    x1, x2 = state[0, 0], state[0, 1]
    p1, p2 = state[1, 0], state[1, 1]
    y1, y2 = state[2, 0], state[2, 1]
    for c in range(out.size):
        energy, level = 0.0, 0.0
        end = min((c + 1) * cell, x.size)
        for i in range(c * cell, end):
            x0 = np.float64(x[i])
            p0 = (b00 * x0 + b01 * x1 + b02 * x2 - a02 * p2) - a01 * p1
            y0 = (b10 * p0 + b11 * p1 + b12 * p2 - a12 * y2) - a11 * y1
            x2, x1 = x1, x0
            p2, p1 = p1, p0
            y2, y1 = y1, y0
            # The recursion leaves the processor room for this.
            level += x0 * x0
            energy += y0 * y0
        out[c] = np.float32(energy)
        if levels.size:
            levels[c] = np.float32(level / (end - c * cell))
    state[0, 0], state[0, 1] = x1, x2
    state[1, 0], state[1, 1] = p1, p2
    state[2, 0], state[2, 1] = y1, y2
    for k in range(3):
        if abs(state[k, 0]) < SILENCE and abs(state[k, 1]) < SILENCE:
            state[k, 0] = 0.0
            state[k, 1] = 0.0


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def peak_heights(padded: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write the height of the interpolated signal around each frame into `out`, (frames,), linear.

    It lies DELAY frames behind. The sample itself counts too, since the filter loses some of what lies above its band.

    Args:
        padded: finite; the N_TAPS - 1 frames before the block, then the block.
    Source: ITU-R BS.1770-5, Annex 2.
    """
    e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11 = _EARLY
    l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11 = _LATE
    for i in range(out.size):
        z0, z1, z2, z3 = padded[i + 11], padded[i + 10], padded[i + 9], padded[i + 8]
        z4, z5, z6, z7 = padded[i + 7], padded[i + 6], padded[i + 5], padded[i + 4]
        z8, z9, z10, z11 = padded[i + 3], padded[i + 2], padded[i + 1], padded[i]
        # The four phases are two filters and the same two reversed.
        a = e0 * z0 + e1 * z1 + e2 * z2 + e3 * z3 + e4 * z4 + e5 * z5
        a += e6 * z6 + e7 * z7 + e8 * z8 + e9 * z9 + e10 * z10 + e11 * z11
        b = l0 * z0 + l1 * z1 + l2 * z2 + l3 * z3 + l4 * z4 + l5 * z5
        b += l6 * z6 + l7 * z7 + l8 * z8 + l9 * z9 + l10 * z10 + l11 * z11
        d = l0 * z11 + l1 * z10 + l2 * z9 + l3 * z8 + l4 * z7 + l5 * z6
        d += l6 * z5 + l7 * z4 + l8 * z3 + l9 * z2 + l10 * z1 + l11 * z0
        e = e0 * z11 + e1 * z10 + e2 * z9 + e3 * z8 + e4 * z7 + e5 * z6
        e += e6 * z5 + e7 * z4 + e8 * z3 + e9 * z2 + e10 * z1 + e11 * z0
        out[i] = max(max(abs(a), abs(b)), max(max(abs(d), abs(e)), abs(z6)))


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def cell_peaks(heights: NDArray[np.float32], start: int, cell: int, out: NDArray[np.float32]) -> None:
    """Raise `out`, (cells of the song,), to the highest of `heights` in each cell.

    Because heights lie DELAY frames behind, a block completes the last cell of the one before it, and a song must be
    followed by N_TAPS - 1 frames of silence.

    Args:
        heights: of a block, (frames,), from `peak_heights`.
        start: the block's first frame in the song.
        cell: frames.
    """
    n = heights.size
    first = max(0, start - DELAY) // cell
    last = min(max(0, start + n - 1 - DELAY) // cell, out.size - 1)
    for c in range(first, last + 1):
        low = max(c * cell + DELAY - start, 0) if c > 0 else 0
        high = min((c + 1) * cell + DELAY - start, n) if c < out.size - 1 else n
        highest = out[c]
        for i in range(low, high):
            highest = max(highest, heights[i])
        out[c] = highest


@numba.njit(nogil=True, cache=True)
def true_peaks(padded: NDArray[np.float32], start: int, cell: int, out: NDArray[np.float32]) -> None:
    """Raise `out`, (cells of the song,), to the true peaks of a block; see `peak_heights` and `cell_peaks`.

    Args:
        padded: the N_TAPS - 1 frames before the block, then the block.
        start: the block's first frame in the song.
        cell: frames.
    """
    heights = np.empty(PIECE, dtype=np.float32)
    n = padded.size - (N_TAPS - 1)
    for low in range(0, n, PIECE):
        size = min(PIECE, n - low)
        peak_heights(padded[low : low + size + N_TAPS - 1], heights[:size])
        cell_peaks(heights[:size], start + low, cell, out)
