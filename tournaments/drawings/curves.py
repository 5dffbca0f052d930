"""Equalizer curves and rating curves as SVG geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixing.audio.balance import Balance
from mixing.console.biquads import response_db, strip_bands
from mixing.console.eq_curve import eq_response_db
from mixing.console.spec import BusSettings, StripSettings
from tournaments.drawings.plane import Axis, Tick, line_path

EQ_LOW_HZ, EQ_HIGH_HZ = 30.0, 18_000.0
EQ_RANGE_DB = 9.0
STRIP_RANGE_DB = 15.0
N_EQ_POINTS = 120


@dataclass(frozen=True)
class EqChart:
    """Curves over one grid; `paths` in the order of the settings given."""

    width: int
    height: int
    paths: tuple[str, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero_y: float


def draw_eq(buses: Sequence[BusSettings], sample_rate: int, *, width: int = 640, height: int = 220) -> EqChart:
    """Draw the equalizer responses of mixes of one song, -9 to +9 dB from 30 Hz to 18 kHz (or what the rate has)."""
    high_hz = min(EQ_HIGH_HZ, 0.49 * sample_rate)
    x = Axis(EQ_LOW_HZ, high_hz, 34, width - 6, is_log=True)
    y = Axis(-EQ_RANGE_DB, EQ_RANGE_DB, height - 22, 8)
    freqs_hz = np.geomspace(EQ_LOW_HZ, high_hz, N_EQ_POINTS)
    paths = []
    for bus in buses:
        response_db = eq_response_db(bus, freqs_hz, sample_rate)
        paths.append(line_path((x.at(float(f)), y.at(float(g))) for f, g in zip(freqs_hz, response_db, strict=True)))
    hz_ticks = [(50, "50"), (100, "100"), (500, "500"), (1000, "1 k"), (5000, "5 k"), (10_000, "10 k")]
    return EqChart(
        width=width,
        height=height,
        paths=tuple(paths),
        x_ticks=tuple(Tick(x.at(hz), label) for hz, label in hz_ticks if hz < high_hz),
        y_ticks=tuple(Tick(y.at(db), f"{db:+d}" if db else "0 dB") for db in (-6, 0, 6)),
        zero_y=y.at(0.0),
    )


def draw_strips(strips: Sequence[StripSettings], sample_rate: int, *, width: int = 640, height: int = 220) -> EqChart:
    """Draw the equalizers of channel strips, -15 to +15 dB."""
    high_hz = min(EQ_HIGH_HZ, 0.49 * sample_rate)
    chart = draw_eq([], sample_rate, width=width, height=height)
    x = Axis(EQ_LOW_HZ, high_hz, 34, width - 6, is_log=True)
    y = Axis(-STRIP_RANGE_DB, STRIP_RANGE_DB, height - 22, 8)
    freqs_hz = np.geomspace(EQ_LOW_HZ, high_hz, N_EQ_POINTS)
    paths = []
    for strip in strips:
        response = response_db(strip_bands(strip, sample_rate), freqs_hz, sample_rate)
        paths.append(line_path((x.at(float(f)), y.at(float(g))) for f, g in zip(freqs_hz, response, strict=True)))
    ticks = tuple(Tick(y.at(float(db)), f"{db:+d}" if db else "0 dB") for db in (-12, 0, 12))
    return replace(chart, paths=tuple(paths), y_ticks=ticks, zero_y=y.at(0.0))


@dataclass(frozen=True)
class BalanceChart:
    """A song's third octaves in the band of its genre."""

    width: int
    height: int
    band: str
    middle: str
    song: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def draw_balance(
    song_db: Sequence[float], balance: Balance, sample_rate: int, *, width: int = 400, height: int = 230
) -> BalanceChart:
    """Draw third octaves relative to loudness, as far as the sample rate reaches."""
    hz = [1000.0 * 2.0 ** (i / 3.0) for i in range(-15, 13)]
    n = sum(f < 0.45 * sample_rate for f in hz)
    x = Axis(hz[0], hz[n - 1], 34, width - 6, is_log=True)
    y = Axis(-60.0, 0.0, height - 22, 8)

    def points(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(x.at(f), y.at(v)) for f, v in zip(hz[:n], values[:n], strict=True)]

    ticks = [(50, "50"), (100, "100"), (500, "500"), (1000, "1 k"), (5000, "5 k"), (10_000, "10 k")]
    return BalanceChart(
        width=width,
        height=height,
        band=line_path([*points(balance.high), *reversed(points(balance.low))]) + "Z",
        middle=line_path(points(balance.middle)),
        song=line_path(points(song_db)),
        x_ticks=tuple(Tick(x.at(at), label) for at, label in ticks if at < hz[n - 1]),
        y_ticks=tuple(Tick(y.at(db), f"{db:.0f} dB" if db == 0 else f"{db:.0f}") for db in (0.0, -20.0, -40.0)),
    )


@dataclass(frozen=True)
class RatingPoint:
    """A rating after one event, with the half-width of its band."""

    rating: float
    deviation: float


@dataclass(frozen=True)
class RatingChart:
    """The line of ratings inside the band of their uncertainty."""

    width: int
    height: int
    line: str
    band: str
    y_ticks: tuple[Tick, ...]
    last_x: float
    last_y: float


def draw_ratings(points: Sequence[RatingPoint], *, width: int = 640, height: int = 220) -> RatingChart | None:
    """Draw a rating over its events, oldest first; None for fewer than two points, which make no curve."""
    if len(points) < 2:
        return None
    low = min(p.rating - p.deviation for p in points)
    high = max(p.rating + p.deviation for p in points)
    step = next(s for s in (25, 50, 100, 200, 500, 1000) if (high - low) / s <= 5 or s == 1000)
    y = Axis(math.floor(low / step) * step, math.ceil(high / step) * step, height - 10, 10)
    x = Axis(0, len(points) - 1, 44, width - 10)
    top = [(x.at(i), y.at(p.rating + p.deviation)) for i, p in enumerate(points)]
    bottom = [(x.at(i), y.at(p.rating - p.deviation)) for i, p in enumerate(points)]
    line = [(x.at(i), y.at(p.rating)) for i, p in enumerate(points)]
    ticks = range(int(y.low), int(y.high) + 1, step)
    return RatingChart(
        width=width,
        height=height,
        line=line_path(line),
        band=line_path([*top, *reversed(bottom)]) + "Z",
        y_ticks=tuple(Tick(y.at(value), str(value)) for value in ticks),
        last_x=line[-1][0],
        last_y=line[-1][1],
    )
