"""Numbers of days as lines, and counts as columns, as SVG geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tournaments.drawings.plane import Axis, Tick, line_path

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 26
N_TICKS = 4
MAX_DAY_TICKS = 4
COLUMN_GAP = 0.2
# A day alone is drawn so wide.
MARK = 14


@dataclass(frozen=True)
class Line:
    """A named line; `number` counts from 1 and says in which colour and dash it is drawn."""

    label: str
    number: int
    path: str


@dataclass(frozen=True)
class DayChart:
    """Lines over days, with the words for whoever does not see them."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


@dataclass(frozen=True)
class Bar:
    """One column."""

    label: str
    middle: float
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class ColumnChart:
    """Columns side by side, from zero."""

    bars: tuple[Bar, ...]
    y_ticks: tuple[Tick, ...]
    summary: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    label_y: int = HEIGHT - 6


def draw_days(
    days: Sequence[date],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    is_from_zero: bool = True,
    is_log: bool = False,
) -> DayChart | None:
    """Draw one line a series; a day without a value leaves a gap. None where there is nothing to draw.

    Args:
        series: labels, with one value a day each; positive ones for a logarithmic axis.
    """
    values = [value for _, row in series for value in row if value is not None]
    if not values or (is_from_zero and not any(values)):
        return None
    y = _log_axis(values) if is_log else _axis(0.0 if is_from_zero else min(values), max(values))
    x = Axis(0, len(days) - 1, LEFT, WIDTH - RIGHT)
    lines = tuple(
        Line(label, number, "".join(_pieces(x, y, row))) for number, (label, row) in enumerate(series, start=1)
    )
    every = max(1, math.ceil(len(days) / MAX_DAY_TICKS))
    x_ticks = tuple(Tick(x.at(i), _day(days[i])) for i in range(every // 2, len(days), every))
    words = [_words(label, days, row) for label, row in series]
    return DayChart(lines, x_ticks, _ticks(y), "; ".join(word for word in words if word))


def draw_columns(labels: Sequence[str], values: Sequence[int]) -> ColumnChart | None:
    """Draw counts as columns; None where all are zero."""
    if not any(values):
        return None
    y = _axis(0.0, float(max(values)))
    step = (WIDTH - RIGHT - LEFT) / len(values)
    bars = tuple(
        Bar(
            label=label,
            middle=round(LEFT + (i + 0.5) * step, 1),
            x=round(LEFT + (i + COLUMN_GAP / 2) * step, 1),
            y=y.at(value),
            width=round(step * (1 - COLUMN_GAP), 1),
            height=round(y.at(0.0) - y.at(value), 1),
            title=f"{label}: {value}",
        )
        for i, (label, value) in enumerate(zip(labels, values, strict=True))
    )
    return ColumnChart(bars, _ticks(y), ", ".join(bar.title for bar in bars))


def _axis(low: float, high: float) -> Axis:
    """An upright axis whose ends are round numbers."""
    step = _step((high - low) / N_TICKS)
    bottom = math.floor(low / step) * step
    return Axis(bottom, max(math.ceil(high / step) * step, bottom + step), HEIGHT - BOTTOM, TOP)


def _log_axis(values: Sequence[float]) -> Axis:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Axis(10.0**low, 10.0 ** max(high, low + 1), HEIGHT - BOTTOM, TOP, is_log=True)


def _step(about: float) -> float:
    """The next 1, 2 or 5 times a power of ten; at least 1, because what is drawn is counted."""
    if about <= 1.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(about))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= about * (1.0 - 1e-9))


def _ticks(y: Axis) -> tuple[Tick, ...]:
    if y.is_log:
        n = round(math.log10(y.high / y.low))
        values = [y.low * 10.0**i for i in range(n + 1)]
    else:
        step = _step((y.high - y.low) / N_TICKS)
        values = [y.low + i * step for i in range(int((y.high - y.low) / step + 1.0 + 1e-9))]
    return tuple(Tick(y.at(value), f"{value:g}") for value in values)


def _pieces(x: Axis, y: Axis, row: Sequence[float | None]) -> list[str]:
    """A path for each unbroken run of days; one that is alone becomes a short mark."""
    pieces: list[str] = []
    run: list[tuple[float, float]] = []
    for i, value in enumerate([*row, None]):
        if value is not None:
            run.append((x.at(i), y.at(value)))
        elif run:
            at, height = run[0]
            pieces.append(line_path(run if len(run) > 1 else [(at - MARK / 2, height), (at + MARK / 2, height)]))
            run = []
    return pieces


def _words(label: str, days: Sequence[date], row: Sequence[float | None]) -> str:
    known = [(day, value) for day, value in zip(days, row, strict=True) if value is not None]
    if not known:
        return ""
    (first, begin), (last, end) = known[0], known[-1]
    top, most = max(known, key=lambda pair: pair[1])
    return f"{label}: {begin:g} on {_day(first)}, {end:g} on {_day(last)}, highest {most:g} on {_day(top)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
