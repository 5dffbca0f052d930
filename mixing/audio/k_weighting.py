"""The K-weighting of BS.1770 at any sample rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# The analogue prototypes behind the coefficients that the recommendation prints for 48 kHz.
SHELF_HZ, SHELF_Q, SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
SHELF_SLOPE = 0.4996667741545416
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773


def k_sections(rate: int) -> NDArray[np.float64]:
    """The shelf and the high-pass, (2, 5), each [b0, b1, b2, a1, a2] with a0 = 1.

    Args:
        rate: Hz.
    Source: ITU-R BS.1770-5, Annex 1, tables 1 and 2, by the bilinear transform of their prototypes.
    """
    k = math.tan(math.pi * SHELF_HZ / rate)
    high = 10.0 ** (SHELF_DB / 20.0)
    middle = high**SHELF_SLOPE
    a0 = 1.0 + k / SHELF_Q + k * k
    shelf = [
        (high + middle * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - middle * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / SHELF_Q + k * k) / a0,
    ]
    k = math.tan(math.pi * PASS_HZ / rate)
    a0 = 1.0 + k / PASS_Q + k * k
    high_pass = [1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])
