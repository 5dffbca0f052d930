"""Compressor and limiter: static truths, timing, and what they never do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.compressor import Compression, compressor_gains
from mixing.console.energies import Energies, loudness_lufs
from mixing.console.kernels.gains import apply_gains
from mixing.console.limiter import limit, solve
from mixing.console.spec import CEILING_DBTP, MAX_LIMITING_DB, BusSettings

CELL_S = 32 / 44_100


def levels(dbfs: float, n: int) -> np.ndarray:
    return np.full(n, 10.0 ** (dbfs / 10.0), dtype=np.float32)


def glue_gains(mean_squares: np.ndarray, bus: BusSettings, lufs: float, cell_s: float) -> tuple[np.ndarray, np.ndarray]:
    return compressor_gains(mean_squares, Compression.of_bus(bus), lufs, cell_s)


def test_a_ratio_of_one_does_nothing() -> None:
    gains, reduction = glue_gains(levels(-3.0, 500), BusSettings(glue_threshold_db=-30.0), -14.0, CELL_S)
    assert (gains == 1.0).all()
    assert (reduction == 0.0).all()


@pytest.mark.parametrize(("over_db", "ratio"), [(6.0, 2.0), (12.0, 4.0), (20.0, 10.0)])
def test_a_steady_level_is_reduced_by_the_static_curve(over_db: float, ratio: float) -> None:
    bus = BusSettings(glue_threshold_db=-10.0, glue_ratio=ratio)
    _, reduction = glue_gains(levels(-24.0 + over_db, 20_000), bus, -14.0, CELL_S)
    assert reduction[-1] == pytest.approx(over_db * (1.0 - 1.0 / ratio), abs=0.02)


def test_the_knee_joins_both_lines() -> None:
    bus = BusSettings(glue_threshold_db=-10.0, glue_ratio=4.0)

    def at(over_db: float) -> float:
        return float(glue_gains(levels(-24.0 + over_db, 20_000), bus, -14.0, CELL_S)[1][-1])

    assert at(-3.1) == 0.0
    assert 0.0 < at(0.0) < at(3.0)
    assert at(0.0) == pytest.approx(0.75 * 9.0 / 12.0, abs=0.02)
    assert at(3.0) == pytest.approx(0.75 * 3.0, abs=0.02)


@pytest.mark.parametrize("attack_ms", [20.0, 80.0])
def test_attack_and_release_take_their_time(attack_ms: float) -> None:
    release_ms = 200.0
    bus = BusSettings(glue_threshold_db=-20.0, glue_ratio=10.0, glue_attack_ms=attack_ms, glue_release_ms=release_ms)
    n = 4000
    _, reduction = glue_gains(
        np.concatenate([levels(-60.0, n), levels(-10.0, n), levels(-60.0, n)]), bus, -14.0, CELL_S
    )
    final = reduction[2 * n - 1]
    ahead_ms = min(attack_ms, 15.0)
    rise_ms = 1e3 * CELL_S * int(np.argmax(reduction[n:] >= final * (1.0 - math.exp(-1.0)))) + ahead_ms
    fall_ms = 1e3 * CELL_S * int(np.argmax(reduction[2 * n :] <= final * math.exp(-1.0))) + ahead_ms
    # The detector averages over up to 10 ms, which comes on top.
    assert attack_ms - 1.0 <= rise_ms <= attack_ms + 10.0
    assert release_ms - 1.0 <= fall_ms <= release_ms + 60.0


def test_makeup_is_a_gain() -> None:
    gains, _ = glue_gains(levels(-40.0, 10), BusSettings(glue_makeup_db=6.0), -14.0, CELL_S)
    np.testing.assert_allclose(gains, 10.0 ** (6.0 / 20.0), rtol=1e-6)


def test_gains_move_along_straight_lines() -> None:
    x = np.ones(10, dtype=np.float32)
    apply_gains(x, np.array([0.0, 1.0, 0.5, 0.5], dtype=np.float32), 4)
    np.testing.assert_allclose(x, [0.0, 0.25, 0.5, 0.75, 1.0, 0.875, 0.75, 0.625, 0.5, 0.5])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.0, 4.0, width=32), min_size=1, max_size=200),
    st.floats(0.1, 30.0),
)
def test_the_limiter_never_lets_a_peak_through(peaks: list[float], gain: float) -> None:
    heights = np.array(peaks, dtype=np.float32)
    edges = np.empty(heights.size + 1, dtype=np.float32)
    limit(heights, gain, 0.9, 1.2, 0.01, edges)
    assert ((edges > 0.0) & (edges <= 1.0)).all()
    # Within a cell the gain lies between its edges.
    assert (np.maximum(edges[:-1], edges[1:]) * gain * heights <= 0.9 * (1.0 + 1e-5)).all()
    # It never falls faster than the attack allows.
    assert (edges[:-1] <= edges[1:] * 1.2 * (1.0 + 1e-5)).all()


def a_song(n: int = 40_000, seed: int = 0) -> tuple[np.ndarray, Energies]:
    generator = np.random.default_rng(seed)
    peaks = generator.uniform(0.02, 0.2, n).astype(np.float32)
    peaks[:: n // 20] = 0.8
    energies = np.square(peaks) * np.float32(32 * 0.2)
    return peaks, Energies(energies, 32, n * 32, 44_100)


@pytest.mark.parametrize("target_lufs", [-24.0, -22.0, -20.0])
def test_the_target_is_reached(target_lufs: float) -> None:
    peaks, energies = a_song()
    found = solve(peaks, energies, target_lufs, CEILING_DBTP, CELL_S)
    assert not found.is_limited_by_headroom
    assert loudness_lufs(energies, found.gains) == pytest.approx(target_lufs, abs=0.01)
    assert found.max_limiting_db <= MAX_LIMITING_DB + 1e-3


def test_a_target_out_of_reach_uses_up_the_limiting_and_says_so() -> None:
    peaks, energies = a_song()
    found = solve(peaks, energies, -7.0, CEILING_DBTP, CELL_S)
    assert found.is_limited_by_headroom
    assert found.max_limiting_db == pytest.approx(MAX_LIMITING_DB, abs=1e-3)
    assert found.loudness_lufs < -7.0


def test_no_limiting_where_no_peak_needs_it() -> None:
    peaks, energies = a_song()
    found = solve(peaks, energies, -40.0, CEILING_DBTP, CELL_S)
    assert found.max_limiting_db == 0.0
    assert np.ptp(found.gains) == 0.0
