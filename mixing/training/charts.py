"""Small charts as SVG: training curves, and values with their intervals. Readable on white and on dark pages alike."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 60, 150, 20, 40
ROW = 20
# Told apart in print, too: the lines also differ in their dashes.
COLORS = ("#2a7de1", "#d1495b", "#2e9e6b", "#b7791f", "#7b52ab", "#4a5568")
GRAY = "#8a8f98"


class Bar(NamedTuple):
    """A row of a chart: a value with its interval, in one of the groups that share a color."""

    label: str
    group: int
    value: float
    low: float
    high: float


def line_chart(series: Sequence[tuple[str, Sequence[float], Sequence[float]]], *, x_label: str, y_label: str) -> str:
    """Lines over one axis. `series`: name, x and y values; at least one point in all."""
    xs = [x for _, along, _ in series for x in along]
    ys = [y for _, _, up in series for y in up]
    x_range, y_range = (min(xs), max(xs)), (min(ys), max(ys))
    parts = [_axes(x_range, y_range, x_label, y_label)]
    for i, (name, along, up) in enumerate(series):
        color, dash = COLORS[i % len(COLORS)], "" if i < len(COLORS) else ' stroke-dasharray="5 3"'
        points = " ".join(f"{_x(a, x_range):.1f},{_y(b, y_range):.1f}" for a, b in zip(along, up, strict=True))
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="1.6"{dash} points="{points}"/>')
        height = TOP + 14 * i + 8
        parts.append(f'<line x1="{WIDTH - RIGHT + 10}" x2="{WIDTH - RIGHT + 30}" y1="{height}" y2="{height}" '
                     f'stroke="{color}" stroke-width="2"{dash}/>')  # fmt: skip
        parts.append(_text(WIDTH - RIGHT + 36, height + 4, name))
    return _svg(HEIGHT, parts)


def interval_chart(bars: Sequence[Bar], *, unit: str) -> str:
    """A dot with its 95 % interval in each row, from 0 or from the lowest value below it."""
    low, high = min(0.0, *(bar.low for bar in bars)), max(bar.high for bar in bars)
    left, height = 250, TOP + ROW * len(bars) + BOTTOM
    scale = (WIDTH - left - 20) / max(high - low, 1e-9)

    def at(value: float) -> float:
        return left + (value - low) * scale

    parts = [
        f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{TOP}" y2="{height - BOTTOM}" stroke="{GRAY}"/>',
        *(
            f'<line x1="{at(t):.1f}" x2="{at(t):.1f}" y1="{height - BOTTOM}" y2="{height - BOTTOM + 4}" '
            f'stroke="{GRAY}"/>' + _text(at(t), height - BOTTOM + 16, f"{t:g}", "middle")
            for t in _ticks(low, high)
        ),
        _text(WIDTH - 20, height - 6, unit, "end"),
    ]
    for i, bar in enumerate(bars):
        y, color = TOP + ROW * i + 10, COLORS[bar.group % len(COLORS)]
        parts.append(_text(left - 8, y + 4, bar.label, "end"))
        parts.append(f'<line x1="{at(bar.low):.1f}" x2="{at(bar.high):.1f}" y1="{y}" y2="{y}" stroke="{color}" '
                     f'stroke-width="2"/><circle cx="{at(bar.value):.1f}" cy="{y}" r="4" fill="{color}"/>')  # fmt: skip
    return _svg(height, parts)


def draw_curves(directory: Path) -> Path:
    """Draw every curve (*.jsonl) of a training as one chart into the same folder; returns its path."""
    series = []
    for path in sorted(directory.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text().splitlines() if line]
        for key in ("train", "validation"):
            points = [(float(row["step"]), float(row[key])) for row in rows if row.get(key) is not None]
            if points:
                name = path.stem if key == "train" else f"{path.stem}, held out"
                series.append((name, [x for x, _ in points], [y for _, y in points]))
    target = directory / "curves.svg"
    target.write_text(line_chart(series, x_label="step", y_label="loss"), encoding="utf-8")
    return target


def _axes(x_range: tuple[float, float], y_range: tuple[float, float], x_label: str, y_label: str) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="{GRAY}"/>']
    for t in _ticks(*x_range):
        parts.append(_text(_x(t, x_range), bottom + 16, f"{t:g}", "middle"))
    for t in _ticks(*y_range):
        parts.append(_text(LEFT - 6, _y(t, y_range) + 4, f"{t:g}", "end"))
    parts.append(_text((LEFT + right) / 2, HEIGHT - 6, x_label, "middle"))
    parts.append(_text(LEFT, TOP - 6, y_label))
    return "".join(parts)


def _x(value: float, limits: tuple[float, float]) -> float:
    return LEFT + (value - limits[0]) / max(limits[1] - limits[0], 1e-9) * (WIDTH - RIGHT - LEFT)


def _y(value: float, limits: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (value - limits[0]) / max(limits[1] - limits[0], 1e-9) * (HEIGHT - BOTTOM - TOP)


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers between two others."""
    span = max(high - low, 1e-9)
    step = 10.0 ** math.floor(math.log10(span / 4.0))
    step *= next(m for m in (1.0, 2.0, 5.0, 10.0) if span / (step * m) <= 6.0)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="{GRAY}">{"".join(parts)}</svg>\n'
    )
