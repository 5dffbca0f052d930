"""The console's filters as responses at the bins of a transform, differentiable in center, gain and Q.

The same designs as in `mixing.console.biquads`, in terms that keep their digits at low frequencies: designed in
float64, float32 is enough to evaluate them. A band of no gain has a gradient; the renderer bypasses it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mixing.console.biquads import BUTTERWORTH_Q, MATCHED_ABOVE, MATCHED_BELOW, SHELF_Q
from mixing.console.spec import MAX_CENTER_OF_RATE
from mixing.console.torch_console.grid import Grid

# Lower cutoffs than this are the same to any song, and would leave 0 / 0 at 0 Hz.
LOWEST_HZ = 1e-3
# Keeps the root of a pole's turn differentiable where poles meet.
SMALLEST = 1e-12


def bus_response(bus: dict[str, Tensor], grid: Grid) -> Tensor:
    """The five bands of the mix bus, settings (rows,) to (rows, bins) complex."""
    response = shelf(bus["low_shelf_hz"], bus["low_shelf_db"], grid, is_high=False)
    for band in ("low", "mid", "high"):
        response = response * peak(bus[f"{band}_peak_hz"], bus[f"{band}_peak_db"], bus[f"{band}_peak_q"], grid)
    return response * shelf(bus["high_shelf_hz"], bus["high_shelf_db"], grid, is_high=True)


def strip_response(strip: dict[str, Tensor], grid: Grid) -> Tensor:
    """The five filters of channel strips, settings (rows,) to (rows, bins) complex."""
    response = high_pass(strip["high_pass_hz"], grid)
    response = response * shelf(strip["low_shelf_hz"], strip["low_shelf_db"], grid, is_high=False)
    for band in ("low", "high"):
        response = response * peak(strip[f"{band}_peak_hz"], strip[f"{band}_peak_db"], strip[f"{band}_peak_q"], grid)
    return response * shelf(strip["high_shelf_hz"], strip["high_shelf_db"], grid, is_high=True)


def peak(center_hz: Tensor, gain_db: Tensor, q: Tensor, grid: Grid) -> Tensor:
    """A peak or dip, settings (rows,) to (rows, bins) complex; 1 above MAX_CENTER_OF_RATE of the rate."""
    center = _center(center_hz, grid)
    is_boost = gain_db >= 0.0
    amp = _amplitude(torch.where(is_boost, gain_db, -gain_db))
    q = q.double()

    def power(angle: Tensor | float) -> Tensor:
        x2 = (angle / center).square()
        around = (1.0 - x2).square()
        return (around + (amp / q).square() * x2) / (around + x2 / (amp * q).square())

    boost = _matched(center, q * amp, power, center.clamp_max(MATCHED_BELOW))
    return _or_bypass(_response(boost, ~is_boost, grid), center_hz, grid)


def shelf(corner_hz: Tensor, gain_db: Tensor, grid: Grid, *, is_high: bool) -> Tensor:
    """A shelf whose gain at the corner is half of `gain_db`, settings (rows,) to (rows, bins) complex. See `peak`."""
    corner = _center(corner_hz, grid)
    is_boost = gain_db >= 0.0
    amp = _amplitude(torch.where(is_boost, gain_db, -gain_db))
    at_zero = amp ** (-2 if is_high else 2)

    def power(angle: Tensor | float) -> Tensor:
        x2 = (angle / corner).square()
        around = amp / SHELF_Q**2 * x2
        return at_zero * ((amp - x2).square() + around) / ((1.0 - amp * x2).square() + around)

    matched = _matched(corner / torch.sqrt(amp), torch.full_like(amp, SHELF_Q), power, corner.clamp_max(MATCHED_BELOW))
    return _or_bypass(_response(matched, is_boost == is_high, grid), corner_hz, grid)


def high_pass(cutoff_hz: Tensor, grid: Grid) -> Tensor:
    """A second-order Butterworth high-pass, (rows,) to (rows, bins) complex; 1 where the cutoff is 0."""
    is_on = cutoff_hz > 0.0
    half = (math.pi / grid.rate) * cutoff_hz.double().clamp_min(LOWEST_HZ)
    sine = grid.sine * torch.cos(half).to(grid.sine.dtype)[:, None]
    cosine = grid.cosine * torch.sin(half).to(grid.sine.dtype)[:, None]
    sine_2, cosine_2 = sine.square(), cosine.square()
    response = -sine_2 / torch.complex(cosine_2 - sine_2, sine * cosine / BUTTERWORTH_Q)
    return torch.where(is_on[:, None], response, torch.ones_like(response))


@dataclass(frozen=True)
class _Quadratic:
    """A quadratic of `mixing.console.biquads`, (rows,) float64 each."""

    total: Tensor
    outer: Tensor
    lean: Tensor

    def power(self, p: Tensor | float) -> Tensor:
        return (self.total - 2.0 * self.outer * p).square() + 4.0 * self.lean.square() * p * (1.0 - p)

    def response(self, grid: Grid) -> Tensor:
        """What it is at the bins, turned by a frame."""
        total, outer, lean = (x.to(grid.sine.dtype)[:, None] for x in (self.total, self.outer, self.lean))
        return torch.complex(total - 2.0 * outer * grid.sine.square(), 2.0 * lean * grid.sine * grid.cosine)


def _matched(
    pole: Tensor, pole_q: Tensor, power: Callable[[Tensor | float], Tensor], middle: Tensor
) -> tuple[_Quadratic, _Quadratic]:
    below = _poles(pole, pole_q)
    at_zero = below.total.square() * power(0.0)
    near, far = torch.sin(0.5 * middle).square(), math.sin(0.5 * MATCHED_ABOVE) ** 2
    rest_near = (power(middle) * below.power(near) - at_zero * (1.0 - near)) / near
    rest_far = (power(MATCHED_ABOVE) * below.power(far) - at_zero * (1.0 - far)) / far
    bend = (rest_near - rest_far) / (far - near)
    total = torch.sqrt(at_zero)
    outer = 0.5 * (total + torch.sqrt(rest_far - bend * (1.0 - far)))
    return _Quadratic(total, outer, torch.sqrt(outer.square() + 0.25 * bend)), below


def _poles(angle: Tensor, q: Tensor) -> _Quadratic:
    damping = 0.5 / q
    decay = torch.exp(-damping * angle)
    turn = 0.5 * angle * torch.sqrt((1.0 - damping.square()).abs().clamp_min(SMALLEST))
    waved = torch.where(damping < 1.0, torch.sin(turn).square(), -torch.sinh(turn).square())
    return _Quadratic(
        total=torch.expm1(-damping * angle).square() + 4.0 * decay * waved,
        outer=1.0 + decay.square(),
        lean=-torch.expm1(-2.0 * damping * angle),
    )


def _response(matched: tuple[_Quadratic, _Quadratic], is_inverse: Tensor, grid: Grid) -> Tensor:
    b, a = (part.response(grid) for part in matched)
    inverse = is_inverse[:, None]
    return torch.where(inverse, a, b) / torch.where(inverse, b, a)


def _center(center_hz: Tensor, grid: Grid) -> Tensor:
    """Radians a frame; what lies too high to be used is brought down to where designs exist."""
    return (2.0 * math.pi) * (center_hz.double() / grid.rate).clamp_max(MAX_CENTER_OF_RATE)


def _amplitude(gain_db: Tensor) -> Tensor:
    return torch.exp(gain_db.double() * (math.log(10.0) / 40.0))


def _or_bypass(response: Tensor, center_hz: Tensor, grid: Grid) -> Tensor:
    is_in = (center_hz <= MAX_CENTER_OF_RATE * grid.rate)[:, None]
    return torch.where(is_in, response, torch.ones_like(response))
