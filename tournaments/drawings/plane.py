"""Where a value lands on a picture: the one map from numbers to SVG coordinates that every chart shares."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes:
        low, high: the values at its two ends; positive for a logarithmic axis.
        start, end: the coordinates of these ends. A vertical axis has start > end, because SVG counts downwards.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """The coordinate of a value, kept inside the picture, to a tenth of a unit."""
        low, high, x = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, x = math.log(low), math.log(high), math.log(x)
        share = (x - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Tick:
    """A labelled position on an axis."""

    at: float
    label: str


def line_path(points: Iterable[tuple[float, float]]) -> str:
    """The `d` of an SVG path through coordinates."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
