"""A feedback delay network of eight lines behind two rows of allpass diffusers, frame by frame in stereo.

Source: J.-M. Jot, A. Chaigne, Digital delay networks for designing artificial reverberators, AES 90th Convention, 1991:
every line loses in one pass what its length asks for, so that all of them decay alike.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

N_LINES = 8
N_DIFFUSERS = 4
DIFFUSION = np.float32(0.6)
# 1 / sqrt(8): the mixing matrix keeps the energy.
_MIX = np.float32(8.0**-0.5)


@numba.njit(nogil=True, cache=True, fastmath={"contract", "nnan", "nsz"})
def reverberate(
    x: NDArray[np.float32],
    out: NDArray[np.float32],
    delays: NDArray[np.int64],
    filters: NDArray[np.float32],
    lines: NDArray[np.float32],
    memory: NDArray[np.float32],
    diffuser_delays: NDArray[np.int64],
    diffusers: NDArray[np.float32],
    position: int,
) -> int:
    """Write the reverberation of `x`, (2, frames), into `out`, (2, frames). Returns the next block's `position`.

    Args:
        delays: of the lines, (8,) frames.
        filters: of the lines, (8, 3): b0, b1, a1 of a first-order section.
        lines: (8, a power of two beyond the longest delay), a ring each.
        memory: of the filters, (8, 2): last input and output.
        diffuser_delays: (2, N_DIFFUSERS) frames.
        diffusers: (2, N_DIFFUSERS, a power of two), a ring each.
        position: frames since the beginning.
    """
    mask = lines.shape[1] - 1
    diffuser_mask = diffusers.shape[2] - 1
    v = np.empty(N_LINES, dtype=np.float32)
    for i in range(x.shape[1]):
        t = position + i
        left, right = x[0, i], x[1, i]
        for d in range(N_DIFFUSERS):
            delayed = diffusers[0, d, (t - diffuser_delays[0, d]) & diffuser_mask]
            held = left - DIFFUSION * delayed
            diffusers[0, d, t & diffuser_mask] = held
            left = delayed + DIFFUSION * held
            delayed = diffusers[1, d, (t - diffuser_delays[1, d]) & diffuser_mask]
            held = right - DIFFUSION * delayed
            diffusers[1, d, t & diffuser_mask] = held
            right = delayed + DIFFUSION * held
        for k in range(N_LINES):
            a = lines[k, (t - delays[k]) & mask]
            y = filters[k, 0] * a + filters[k, 1] * memory[k, 0] - filters[k, 2] * memory[k, 1]
            memory[k, 0] = a
            memory[k, 1] = y
            v[k] = y
        out[0, i] = v[0] - v[2] + v[4] - v[6]
        out[1, i] = v[1] - v[3] + v[5] - v[7]
        # Hadamard's matrix in three rows of butterflies.
        a0, a1, a2, a3 = v[0] + v[1], v[0] - v[1], v[2] + v[3], v[2] - v[3]
        a4, a5, a6, a7 = v[4] + v[5], v[4] - v[5], v[6] + v[7], v[6] - v[7]
        b0, b1, b2, b3 = a0 + a2, a1 + a3, a0 - a2, a1 - a3
        b4, b5, b6, b7 = a4 + a6, a5 + a7, a4 - a6, a5 - a7
        at = t & mask
        lines[0, at] = _MIX * (b0 + b4) + left
        lines[1, at] = _MIX * (b1 + b5) + right
        lines[2, at] = _MIX * (b2 + b6) + left
        lines[3, at] = _MIX * (b3 + b7) + right
        lines[4, at] = _MIX * (b0 - b4) + left
        lines[5, at] = _MIX * (b1 - b5) + right
        lines[6, at] = _MIX * (b2 - b6) + left
        lines[7, at] = _MIX * (b3 - b7) + right
    return position + x.shape[1]
