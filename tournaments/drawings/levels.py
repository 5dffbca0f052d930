"""Gain reduction over a song, and where stems stand: level against pan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tournaments.drawings.plane import Axis, Tick, line_path

MIN_REDUCTION_DB = 3.0
# Levels of the map, LU against the loudest stem.
LOWEST_LU = -36.0
BARS_FROM, BARS_TO = 170.0, 370.0
HEAD, ROW = 22, 28
# Longer names would run into the bars.
MAX_NAME = 20


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
class StemRow:
    """A stem: its name, a bar as long as it is loud, and a dot where it is panned."""

    name: str
    y: float
    bar_end: float
    level: str
    pan_x: float


@dataclass(frozen=True)
class StemMap:
    """Stems one below the other."""

    width: int
    height: int
    rows: tuple[StemRow, ...]
    bar_start: float
    pan_left: float
    pan_center: float
    pan_right: float


def draw_stems(stems: Sequence[tuple[str, float, float | None]], *, width: int = 640) -> StemMap:
    """Draw stems: name, pan -1 to 1, and loudness behind the fader in LUFS (None: silent, left out)."""
    loudest = max((lufs for _, _, lufs in stems if lufs is not None), default=0.0)
    bars = Axis(LOWEST_LU, 0.0, BARS_FROM, BARS_TO)
    pans = Axis(-1.0, 1.0, BARS_TO + 80, width - 10)
    audible = [(name, pan, lufs) for name, pan, lufs in stems if lufs is not None]
    return StemMap(
        width=width,
        height=HEAD + ROW * len(audible) + 6,
        rows=tuple(
            StemRow(
                name=name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…",
                y=HEAD + ROW * (i + 0.5),
                bar_end=max(bars.at(lufs - loudest), BARS_FROM + 2),
                level=f"{lufs:.1f}",
                pan_x=pans.at(pan),
            )
            for i, (name, pan, lufs) in enumerate(audible)
        ),
        bar_start=BARS_FROM,
        pan_left=pans.at(-1.0),
        pan_center=pans.at(0.0),
        pan_right=pans.at(1.0),
    )
