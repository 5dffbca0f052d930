"""The weight of a vote from how sure its listener was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournaments.ratings.confidence import vote_weight

TEN = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
percents = st.integers(0, 100)


@pytest.mark.parametrize(
    ("confidence", "weight"),
    [
        (5, 0.5),  # below all
        (10, 0.55),  # equal to the lowest: half a place
        (55, 1.0),  # in the middle
        (95, 1.4),
        (100, 1.45),
    ],
)
def test_weight_is_half_plus_the_mid_rank(confidence: int, weight: float) -> None:
    assert vote_weight(confidence, TEN) == pytest.approx(weight)


def test_the_first_ten_votes_count_as_usual() -> None:
    assert vote_weight(100, []) == 1.0
    assert vote_weight(100, TEN[:9]) == 1.0
    assert vote_weight(100, TEN) > 1.0


def test_who_is_always_equally_sure_always_counts_as_usual() -> None:
    assert vote_weight(100, [100] * 50) == 1.0
    assert vote_weight(3, [3] * 50) == 1.0


def test_only_the_latest_fifty_are_remembered() -> None:
    assert vote_weight(50, [100] * 500 + [0] * 50) == 1.5


@given(percents, st.lists(percents, max_size=80))
def test_weight_stays_in_its_range(confidence: int, earlier: list[int]) -> None:
    assert 0.5 <= vote_weight(confidence, earlier) <= 1.5


@given(percents, percents, st.lists(percents, min_size=10, max_size=50))
def test_more_confidence_never_weighs_less(one: int, other: int, earlier: list[int]) -> None:
    low, high = sorted((one, other))
    assert vote_weight(low, earlier) <= vote_weight(high, earlier)
