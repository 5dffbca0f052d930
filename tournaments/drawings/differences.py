"""How two spectra differ, as one bar a third octave around zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tournaments.drawings.plane import Axis, Tick

# Small differences are drawn small: the axis reaches at least this far.
MIN_RANGE_DB = 6.0
GAP = 2.0


@dataclass(frozen=True)
class Bar:
    """One band; `side` is the one that has more of it."""

    x: float
    y: float
    width: float
    height: float
    side: str


@dataclass(frozen=True)
class DifferenceChart:
    """Bars up for more in B, down for more in A."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero_y: float


def draw_difference(
    centers_hz: Sequence[float], difference_db: Sequence[float], *, width: int = 640, height: int = 220
) -> DifferenceChart:
    """Draw B minus A.

    Args:
        centers_hz: neighboring third octaves, rising.
        difference_db: one for each.
    """
    range_db = 3.0 * math.ceil(max([MIN_RANGE_DB, *(abs(db) for db in difference_db)]) / 3.0)
    half = 2.0 ** (1.0 / 6.0)
    x = Axis(centers_hz[0] / half, centers_hz[-1] * half, 34, width - 6, is_log=True)
    y = Axis(-range_db, range_db, height - 22, 8)
    zero_y = y.at(0.0)
    bars = []
    for hz, db in zip(centers_hz, difference_db, strict=True):
        left, right, tip = x.at(hz / half), x.at(hz * half), y.at(db)
        bars.append(
            Bar(
                x=round(left + GAP / 2.0, 1),
                y=min(tip, zero_y),
                width=round(right - left - GAP, 1),
                height=round(abs(tip - zero_y), 1),
                side="b" if db > 0.0 else "a",
            )
        )
    ticks = ((50, "50"), (100, "100"), (500, "500"), (1000, "1 k"), (5000, "5 k"), (10_000, "10 k"))
    marks = (-range_db * 2 / 3, 0.0, range_db * 2 / 3)
    return DifferenceChart(
        width=width,
        height=height,
        bars=tuple(bars),
        x_ticks=tuple(Tick(x.at(hz), label) for hz, label in ticks if hz < centers_hz[-1]),
        y_ticks=tuple(Tick(y.at(db), f"{db:+.0f}" if db else "0 dB") for db in marks),
        zero_y=zero_y,
    )
