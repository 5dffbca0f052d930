"""The console's filters as second-order sections, designed for any sample rate.

A section is [b0, b1, b2, a1, a2] with a0 = 1, float64. Source: R. Bristow-Johnson, Audio EQ cookbook.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import MAX_CENTER_OF_RATE, BusSettings, StripSettings

Section = NDArray[np.float64]

# The steepest slope that a shelf can have without a bump.
SHELF_Q = math.sqrt(0.5)
BUTTERWORTH_Q = math.sqrt(0.5)
BYPASS: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0)


def bus_bands(bus: BusSettings, rate: int) -> NDArray[np.float64]:
    """The five bands of the mix bus, (5, 5): low shelf, three peaks, high shelf.

    A band without gain, or centered above MAX_CENTER_OF_RATE of the sample rate, is an exact bypass.
    """
    return np.stack(
        [
            _or_bypass(shelf(bus.low_shelf_hz, bus.low_shelf_db, rate, is_high=False), bus.low_shelf_hz, rate),
            _or_bypass(peak(bus.low_peak_hz, bus.low_peak_db, bus.low_peak_q, rate), bus.low_peak_hz, rate),
            _or_bypass(peak(bus.mid_peak_hz, bus.mid_peak_db, bus.mid_peak_q, rate), bus.mid_peak_hz, rate),
            _or_bypass(peak(bus.high_peak_hz, bus.high_peak_db, bus.high_peak_q, rate), bus.high_peak_hz, rate),
            _or_bypass(shelf(bus.high_shelf_hz, bus.high_shelf_db, rate, is_high=True), bus.high_shelf_hz, rate),
        ]
    )


def strip_bands(strip: StripSettings, rate: int) -> NDArray[np.float64]:
    """The five filters of a channel strip, (5, 5): high-pass, low shelf, two peaks, high shelf. See `bus_bands`."""
    return np.stack(
        [
            high_pass(strip.high_pass_hz, rate),
            _or_bypass(shelf(strip.low_shelf_hz, strip.low_shelf_db, rate, is_high=False), strip.low_shelf_hz, rate),
            _or_bypass(peak(strip.low_peak_hz, strip.low_peak_db, strip.low_peak_q, rate), strip.low_peak_hz, rate),
            _or_bypass(peak(strip.high_peak_hz, strip.high_peak_db, strip.high_peak_q, rate), strip.high_peak_hz, rate),
            _or_bypass(shelf(strip.high_shelf_hz, strip.high_shelf_db, rate, is_high=True), strip.high_shelf_hz, rate),
        ]
    )


def peak(center_hz: float, gain_db: float, q: float, rate: int) -> Section:
    """A peak or dip, (5,)."""
    if gain_db == 0.0:
        return np.array(BYPASS)
    amp, cos, sin = _prototype(center_hz, gain_db, rate)
    alpha = sin / (2.0 * q)
    return _normalized(
        (1.0 + alpha * amp, -2.0 * cos, 1.0 - alpha * amp), (1.0 + alpha / amp, -2.0 * cos, 1.0 - alpha / amp)
    )


def shelf(corner_hz: float, gain_db: float, rate: int, *, is_high: bool) -> Section:
    """A shelf whose gain at the corner is half of `gain_db`, (5,)."""
    if gain_db == 0.0:
        return np.array(BYPASS)
    amp, cos, sin = _prototype(corner_hz, gain_db, rate)
    root = 2.0 * math.sqrt(amp) * sin / (2.0 * SHELF_Q)
    # A high shelf is the low shelf mirrored at a quarter of the sample rate.
    flip = -1.0 if is_high else 1.0
    cos *= flip
    return _normalized(
        (
            amp * ((amp + 1.0) - (amp - 1.0) * cos + root),
            flip * 2.0 * amp * ((amp - 1.0) - (amp + 1.0) * cos),
            amp * ((amp + 1.0) - (amp - 1.0) * cos - root),
        ),
        (
            (amp + 1.0) + (amp - 1.0) * cos + root,
            flip * -2.0 * ((amp - 1.0) + (amp + 1.0) * cos),
            (amp + 1.0) + (amp - 1.0) * cos - root,
        ),
    )


def high_pass(cutoff_hz: float, rate: int) -> Section:
    """A second-order Butterworth high-pass, (5,); a cutoff of 0 is an exact bypass."""
    if cutoff_hz == 0.0:
        return np.array(BYPASS)
    _, cos, sin = _prototype(cutoff_hz, 0.0, rate)
    alpha = sin / (2.0 * BUTTERWORTH_Q)
    # 1 - cos, written so that it keeps its digits at the lowest cutoffs.
    one_minus_cos = 2.0 * math.sin(math.pi * cutoff_hz / rate) ** 2
    pass_gain = (2.0 - one_minus_cos) / 2.0
    return _normalized((pass_gain, -2.0 * pass_gain, pass_gain), (1.0 + alpha, -2.0 * cos, 1.0 - alpha))


def response_db(sections: NDArray[np.float64], freqs_hz: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Magnitude of sections in series, (n_freqs,) dB.

    Args:
        sections: (n_sections, 5).
        freqs_hz: from 0 to half the sample rate.
    """
    z = np.exp(-2j * np.pi * np.asarray(freqs_hz, dtype=np.float64) / rate)
    total = np.zeros(z.shape)
    for b0, b1, b2, a1, a2 in sections:
        total += 20.0 * np.log10(np.abs((b0 + b1 * z + b2 * z**2) / (1.0 + a1 * z + a2 * z**2)) + 1e-20)
    return total


def _or_bypass(section: Section, center_hz: float, rate: int) -> Section:
    return section if center_hz <= MAX_CENTER_OF_RATE * rate else np.array(BYPASS)


def _prototype(center_hz: float, gain_db: float, rate: int) -> tuple[float, float, float]:
    omega = 2.0 * math.pi * center_hz / rate
    return 10.0 ** (gain_db / 40.0), math.cos(omega), math.sin(omega)


def _normalized(b: tuple[float, float, float], a: tuple[float, float, float]) -> Section:
    return np.array([*b, a[1], a[2]], dtype=np.float64) / a[0]
