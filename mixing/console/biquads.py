"""The console's filters as second-order sections, designed for any sample rate.

A section is [b0, b1, b2, a1, a2] with a0 = 1, float64. Peaks and shelves are the analog prototypes of
R. Bristow-Johnson, Audio EQ cookbook, matched after M. Vicanek, Matched Second Order Digital Filters (2016): the poles
are the prototype's, and the zeros give its magnitude at three frequencies. So bands near half the sample rate keep
their shape, which the bilinear transform would squeeze. docs/decisions/0012 tells how near they come.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import MAX_CENTER_OF_RATE, BusSettings, StripSettings

Section = NDArray[np.float64]

# The steepest slope that a shelf can have without a bump.
SHELF_Q = math.sqrt(0.5)
BUTTERWORTH_Q = math.sqrt(0.5)
# Magnitudes are matched at the center, or at half of this many radians a frame where it lies above; and at this many.
MATCHED_BELOW = 0.5 * math.pi
MATCHED_ABOVE = 0.75 * math.pi
BYPASS: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0)


def bus_bands(bus: BusSettings, rate: int) -> NDArray[np.float64]:
    """The five bands of the mix bus, (5, 5): low shelf, three peaks, high shelf."""
    return np.stack(
        [
            shelf(bus.low_shelf_hz, bus.low_shelf_db, rate, is_high=False),
            peak(bus.low_peak_hz, bus.low_peak_db, bus.low_peak_q, rate),
            peak(bus.mid_peak_hz, bus.mid_peak_db, bus.mid_peak_q, rate),
            peak(bus.high_peak_hz, bus.high_peak_db, bus.high_peak_q, rate),
            shelf(bus.high_shelf_hz, bus.high_shelf_db, rate, is_high=True),
        ]
    )


def strip_bands(strip: StripSettings, rate: int) -> NDArray[np.float64]:
    """The five filters of a channel strip, (5, 5): high-pass, low shelf, two peaks, high shelf."""
    return np.stack(
        [
            high_pass(strip.high_pass_hz, rate),
            shelf(strip.low_shelf_hz, strip.low_shelf_db, rate, is_high=False),
            peak(strip.low_peak_hz, strip.low_peak_db, strip.low_peak_q, rate),
            peak(strip.high_peak_hz, strip.high_peak_db, strip.high_peak_q, rate),
            shelf(strip.high_shelf_hz, strip.high_shelf_db, rate, is_high=True),
        ]
    )


def peak(center_hz: float, gain_db: float, q: float, rate: int) -> Section:
    """A peak or dip, (5,); an exact bypass where it has no gain or lies above MAX_CENTER_OF_RATE of the rate."""
    if gain_db == 0.0 or center_hz > MAX_CENTER_OF_RATE * rate:
        return np.array(BYPASS)
    center = _angle(center_hz, rate)
    amp = 10.0 ** (abs(gain_db) / 40.0)

    def power(angle: float) -> float:
        x = angle / center
        return ((1.0 - x * x) ** 2 + (x * amp / q) ** 2) / ((1.0 - x * x) ** 2 + (x / (amp * q)) ** 2)

    boost = _matched(center, q * amp, power, min(center, MATCHED_BELOW))
    return _section(boost, is_inverse=gain_db < 0.0)


def shelf(corner_hz: float, gain_db: float, rate: int, *, is_high: bool) -> Section:
    """A shelf whose gain at the corner is half of `gain_db`, (5,); bypassed as `peak` is."""
    if gain_db == 0.0 or corner_hz > MAX_CENTER_OF_RATE * rate:
        return np.array(BYPASS)
    corner = _angle(corner_hz, rate)
    amp = 10.0 ** (abs(gain_db) / 40.0)
    at_zero = amp**-2 if is_high else amp**2

    def power(angle: float) -> float:
        x2 = (angle / corner) ** 2
        around = amp / SHELF_Q**2 * x2
        return at_zero * ((amp - x2) ** 2 + around) / ((1.0 - amp * x2) ** 2 + around)

    # Poles lie below the zeros where a low shelf boosts and where a high shelf cuts: the other two are their inverses.
    matched = _matched(corner / math.sqrt(amp), SHELF_Q, power, min(corner, MATCHED_BELOW))
    return _section(matched, is_inverse=(gain_db > 0.0) == is_high)


def high_pass(cutoff_hz: float, rate: int) -> Section:
    """A second-order Butterworth high-pass, (5,); a cutoff of 0 is an exact bypass."""
    if cutoff_hz == 0.0:
        return np.array(BYPASS)
    angle = _angle(cutoff_hz, rate)
    alpha = math.sin(angle) / (2.0 * BUTTERWORTH_Q)
    # 1 - cos, written so that it keeps its digits at the lowest cutoffs.
    one_minus_cos = 2.0 * math.sin(0.5 * angle) ** 2
    pass_gain = (2.0 - one_minus_cos) / 2.0
    scale = 1.0 / (1.0 + alpha)
    return scale * np.array(
        [pass_gain, -2.0 * pass_gain, pass_gain, 2.0 * one_minus_cos - 2.0, 1.0 - alpha], dtype=np.float64
    )


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


@dataclass(frozen=True)
class _Quadratic:
    """c0 + c1 / z + c2 / z^2 in terms that keep their digits at low frequencies.

    Its squared magnitude at the angle w is (total - 2 outer p)^2 + 4 lean^2 p (1 - p) with p = sin^2(w / 2).

    Attributes:
        total: c0 + c1 + c2, its value at 0 Hz.
        outer: c0 + c2.
        lean: c0 - c2.
    """

    total: float
    outer: float
    lean: float

    def power(self, p: float) -> float:
        """Its squared magnitude."""
        return (self.total - 2.0 * self.outer * p) ** 2 + 4.0 * self.lean**2 * p * (1.0 - p)

    def coefficients(self) -> NDArray[np.float64]:
        """c0, c1, c2."""
        return np.array([0.5 * (self.outer + self.lean), self.total - self.outer, 0.5 * (self.outer - self.lean)])


def _matched(
    pole: float, pole_q: float, power: Callable[[float], float], middle: float
) -> tuple[_Quadratic, _Quadratic]:
    """Numerator and denominator with the poles of a prototype, and its magnitude at three angles.

    Args:
        pole, pole_q: the prototype's pole frequency, radians a frame, and its Q.
        power: the prototype's squared magnitude at an angle, radians a frame.
        middle: where to match it, beside 0 and MATCHED_ABOVE.
    """
    below = _poles(pole, pole_q)
    at_zero = below.total**2 * power(0.0)
    p = [math.sin(0.5 * angle) ** 2 for angle in (middle, MATCHED_ABOVE)]
    # What is wanted of the numerator: at_zero (1 - p) + at_half p + bend p (1 - p).
    rest = [
        (power(angle) * below.power(x) - at_zero * (1.0 - x)) / x
        for angle, x in zip((middle, MATCHED_ABOVE), p, strict=True)
    ]
    bend = (rest[0] - rest[1]) / (p[1] - p[0])
    at_half = rest[1] - bend * (1.0 - p[1])
    total = math.sqrt(at_zero)
    outer = 0.5 * (total + math.sqrt(at_half))
    return _Quadratic(total, outer, math.sqrt(outer * outer + 0.25 * bend)), below


def _poles(angle: float, q: float) -> _Quadratic:
    """The denominator whose poles are those of s^2 + s angle / q + angle^2, seen once a frame."""
    damping = 0.5 / q
    decay = math.exp(-damping * angle)
    turn = 0.5 * angle * math.sqrt(abs(1.0 - damping * damping))
    waved = math.sin(turn) ** 2 if damping < 1.0 else -(math.sinh(turn) ** 2)
    return _Quadratic(
        total=math.expm1(-damping * angle) ** 2 + 4.0 * decay * waved,
        outer=1.0 + decay * decay,
        lean=-math.expm1(-2.0 * damping * angle),
    )


def _section(matched: tuple[_Quadratic, _Quadratic], *, is_inverse: bool) -> Section:
    b, a = (part.coefficients() for part in (reversed(matched) if is_inverse else matched))
    return np.concatenate([b, a[1:]]) / a[0]


def _angle(hz: float, rate: int) -> float:
    return 2.0 * math.pi * hz / rate
