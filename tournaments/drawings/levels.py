"""Gain reduction over a song, and where stems stand: level against pan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tournaments.drawings.plane import Axis, Tick, line_path

MIN_REDUCTION_DB = 3.0
# Levels of the map, LU against the loudest stem.
LOWEST_LU = -36.0


@dataclass(frozen=True)
class ReductionChart:
    """A compressor's reduction over a song, hanging from zero."""

    width: int
    height: int
    area: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def draw_reduction(
    reduction_db: Sequence[float], duration_s: float, *, width: int = 640, height: int = 130
) -> ReductionChart | None:
    """Draw the reduction, dB at least 0, over a song; None where there is none to see."""
    deepest = max(reduction_db, default=0.0)
    if deepest < 0.2 or len(reduction_db) < 2:
        return None
    y = Axis(0.0, max(MIN_REDUCTION_DB, deepest), 8, height - 22)
    x = Axis(0, len(reduction_db) - 1, 34, width - 6)
    points = [(x.at(i), y.at(value)) for i, value in enumerate(reduction_db)]
    step = next(s for s in (1, 2, 3, 6, 12) if y.high / s <= 4 or s == 12)
    seconds = next(s for s in (10, 30, 60, 120, 300) if duration_s / s <= 6 or s == 300)
    time = Axis(0.0, duration_s, 34, width - 6)
    return ReductionChart(
        width=width,
        height=height,
        area=line_path([(points[0][0], y.at(0.0)), *points, (points[-1][0], y.at(0.0))]) + "Z",
        x_ticks=tuple(Tick(time.at(at), f"{at // 60}:{at % 60:02d}") for at in range(0, int(duration_s) + 1, seconds)),
        y_ticks=tuple(Tick(y.at(db), f"-{db}" if db else "0 dB") for db in range(0, int(y.high) + 1, step)),
    )


@dataclass(frozen=True)
class StemSpot:
    """Where a stem stands."""

    number: int
    name: str
    x: float
    y: float


@dataclass(frozen=True)
class StemMap:
    """Stems by pan, left to right, and level, loud on top."""

    width: int
    height: int
    spots: tuple[StemSpot, ...]
    center_x: float
    y_ticks: tuple[Tick, ...]


def draw_stems(stems: Sequence[tuple[str, float, float | None]], *, width: int = 640, height: int = 260) -> StemMap:
    """Draw stems: name, pan -1 to 1, and loudness behind the fader in LUFS (None: silent, left out)."""
    loudest = max((lufs for _, _, lufs in stems if lufs is not None), default=0.0)
    x = Axis(-1.0, 1.0, 60, width - 24)
    y = Axis(LOWEST_LU, 0.0, height - 26, 18)
    return StemMap(
        width=width,
        height=height,
        spots=tuple(
            StemSpot(number, name, x.at(pan), y.at(lufs - loudest))
            for number, (name, pan, lufs) in enumerate(stems, start=1)
            if lufs is not None
        ),
        center_x=x.at(0.0),
        y_ticks=tuple(Tick(y.at(float(lu)), f"{lu} LU" if lu else "loudest") for lu in (0, -12, -24)),
    )
