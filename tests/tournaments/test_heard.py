"""What was heard: the same time counts once, and nothing outside the region counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournaments.heard import MAX_SWITCHES, MIN_SEGMENT_S, merge, merge_switches, needed_s, total_s

REGION_S = 25.0
times = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-5, 30)
logs = st.lists(st.tuples(times, times), max_size=30)


@pytest.mark.parametrize(
    ("segments", "merged"),
    [
        ([], []),
        ([(1, 2), (3, 4)], [[1, 2], [3, 4]]),
        ([(3, 4), (1, 2)], [[1, 2], [3, 4]]),
        ([(1, 3), (2, 4)], [[1, 4]]),
        ([(1, 2), (2, 3)], [[1, 3]]),
        ([(1, 9), (2, 3), (1, 9)], [[1, 9]]),
        ([(-3, 2), (24, 99)], [[0, 2], [24, 25]]),
        ([(5, 4), (7, 7), (30, 40)], []),
        ([(math.nan, 4), (1, math.inf), (6, 8)], [[6, 8]]),
    ],
)
def test_merging(segments: list[tuple[float, float]], merged: list[list[float]]) -> None:
    assert merge(segments, REGION_S) == merged


@given(logs)
def test_merged_segments_are_disjoint_sorted_and_within_the_region(log: list[tuple[float, float]]) -> None:
    merged = merge(log, REGION_S)
    flat = [time for segment in merged for time in segment]
    assert flat == sorted(flat)
    assert all(0 <= time <= REGION_S for time in flat)
    assert all(end - start >= MIN_SEGMENT_S for start, end in merged)
    assert total_s(merged) <= REGION_S + 1e-9


@given(logs, logs)
def test_sending_a_log_again_adds_nothing(log: list[tuple[float, float]], more: list[tuple[float, float]]) -> None:
    merged = merge([*log, *more], REGION_S)
    assert merge([*merged, *log], REGION_S) == merged


@pytest.mark.parametrize(("region_s", "needed"), [(30, 5), (20, 5), (12, 3), (5, 1.25)])
def test_five_seconds_are_needed_or_a_quarter_of_a_short_region(region_s: float, needed: float) -> None:
    assert needed_s(region_s) == needed


@given(st.lists(st.tuples(times, st.sampled_from("ab")), max_size=30), st.integers(0, 30))
def test_switches_that_come_again_count_once(switches: list[tuple[float, str]], n_before: int) -> None:
    kept = merge_switches(switches, REGION_S)
    assert merge_switches([*merge_switches(switches[:n_before], REGION_S), *switches], REGION_S) == kept
    assert kept == sorted(kept)
    assert all(0.0 <= at_s <= REGION_S for at_s, _ in kept)  # type: ignore[operator]


def test_a_log_of_switches_has_an_end() -> None:
    assert len(merge_switches([(i / 100.0, "a") for i in range(2 * MAX_SWITCHES)], 3600.0)) == MAX_SWITCHES
