"""Second-order sections in series, in direct form I: float32 samples, float64 state.

In direct form I all but one product of an output are known early, so the sections of a series overlap in the processor;
and a section's past output is the next one's past input, so the state is small.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

# Below this a filter's memory is silence; without it the tail of a fade-out runs in slow denormal numbers.
SILENCE = 1e-30


def new_bands_state() -> NDArray[np.float64]:
    """The last two samples before and after each of five sections, (6, 2)."""
    return np.zeros((6, 2))


def new_section_state() -> NDArray[np.float64]:
    """The last two samples before and after a section, (2, 2)."""
    return np.zeros((2, 2))


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def five_bands(x: NDArray[np.float32], sections: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    """Run five sections over `x`, (frames,), in place.

    Args:
        sections: (5, 5), each [b0, b1, b2, a1, a2].
        state: (6, 2), left as the next block needs it.
    """
    (b00, b01, b02, a01, a02) = sections[0, 0], sections[0, 1], sections[0, 2], sections[0, 3], sections[0, 4]
    (b10, b11, b12, a11, a12) = sections[1, 0], sections[1, 1], sections[1, 2], sections[1, 3], sections[1, 4]
    (b20, b21, b22, a21, a22) = sections[2, 0], sections[2, 1], sections[2, 2], sections[2, 3], sections[2, 4]
    (b30, b31, b32, a31, a32) = sections[3, 0], sections[3, 1], sections[3, 2], sections[3, 3], sections[3, 4]
    (b40, b41, b42, a41, a42) = sections[4, 0], sections[4, 1], sections[4, 2], sections[4, 3], sections[4, 4]
    x1, x2 = state[0, 0], state[0, 1]
    p1, p2 = state[1, 0], state[1, 1]
    q1, q2 = state[2, 0], state[2, 1]
    r1, r2 = state[3, 0], state[3, 1]
    s1, s2 = state[4, 0], state[4, 1]
    y1, y2 = state[5, 0], state[5, 1]
    for i in range(x.size):
        x0 = np.float64(x[i])
        p0 = b00 * x0 + ((b01 * x1 + b02 * x2 - a02 * p2) - a01 * p1)
        q0 = b10 * p0 + ((b11 * p1 + b12 * p2 - a12 * q2) - a11 * q1)
        r0 = b20 * q0 + ((b21 * q1 + b22 * q2 - a22 * r2) - a21 * r1)
        s0 = b30 * r0 + ((b31 * r1 + b32 * r2 - a32 * s2) - a31 * s1)
        y0 = b40 * s0 + ((b41 * s1 + b42 * s2 - a42 * y2) - a41 * y1)
        x2, x1 = x1, x0
        p2, p1 = p1, p0
        q2, q1 = q1, q0
        r2, r1 = r1, r0
        s2, s1 = s1, s0
        y2, y1 = y1, y0
        x[i] = np.float32(y0)
    state[0, 0], state[0, 1] = x1, x2
    state[1, 0], state[1, 1] = p1, p2
    state[2, 0], state[2, 1] = q1, q2
    state[3, 0], state[3, 1] = r1, r2
    state[4, 0], state[4, 1] = s1, s2
    state[5, 0], state[5, 1] = y1, y2
    for k in range(6):
        if abs(state[k, 0]) < SILENCE and abs(state[k, 1]) < SILENCE:
            state[k, 0] = 0.0
            state[k, 1] = 0.0


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def one_section(x: NDArray[np.float32], section: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    """Run one section, (5,), over `x`, (frames,), in place; `state` is (2, 2)."""
    b0, b1, b2, a1, a2 = section[0], section[1], section[2], section[3], section[4]
    x1, x2 = state[0, 0], state[0, 1]
    y1, y2 = state[1, 0], state[1, 1]
    for i in range(x.size):
        x0 = np.float64(x[i])
        y0 = (b0 * x0 + b1 * x1 + b2 * x2 - a2 * y2) - a1 * y1
        x2, x1 = x1, x0
        y2, y1 = y1, y0
        x[i] = np.float32(y0)
    state[0, 0], state[0, 1] = x1, x2
    state[1, 0], state[1, 1] = y1, y2
    for k in range(2):
        if abs(state[k, 0]) < SILENCE and abs(state[k, 1]) < SILENCE:
            state[k, 0] = 0.0
            state[k, 1] = 0.0
