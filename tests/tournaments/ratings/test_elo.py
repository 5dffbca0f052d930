"""The live Elo: its arithmetic, its symmetries, and whether it finds strengths that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournaments.ratings.elo import MIN_VARIANCE, START_VARIANCE, Standing, expected_score, score_of, update

ratings = st.floats(-5000, 5000)
variances = st.floats(MIN_VARIANCE, START_VARIANCE)
standings = st.builds(Standing, ratings, variances)
weights = st.floats(0.5, 1.5)
scores = st.sampled_from([0.0, 0.5, 1.0])


def test_equal_newcomers_by_hand() -> None:
    """q = 0.00575646, E = 1/2, s = q^2 / 4 = 8.28421e-6, 1/s = 120711.6, n = 140711.6,
    d = 0.5 / (q / 4) / n = 0.00246919: 24.69 points, and D falls by 10^8 / n = 710.7."""
    a, b = update(Standing(1300, START_VARIANCE), Standing(1300, START_VARIANCE), score=1.0, weight=1.0)
    assert a.rating == pytest.approx(1324.69, abs=0.01)
    assert b.rating == pytest.approx(1275.31, abs=0.01)
    assert a.variance == b.variance == pytest.approx(10_000 - 710.7, abs=0.1)
    assert (a.n_votes, b.n_votes) == (1, 1)


def test_unequal_pair_by_hand() -> None:
    """A favorite by 200 loses to a mixer whose rating is well known, in a vote of weight 1.5: E = 0.759747,
    E (1 - E) = 0.182531, s = 1.5 q^2 * 0.182531 = 9.07274e-6, 1/s = 110220, n = 110220 + 10000 + 900 = 121120,
    d = -0.759747 / (q * 0.182531) / n = -0.00596982."""
    a, b = update(Standing(1400, START_VARIANCE), Standing(1200, 900), score=0.0, weight=1.5)
    assert a.rating == pytest.approx(1400 - 59.698, abs=0.01)
    assert b.rating == pytest.approx(1200 + 5.373, abs=0.01)
    assert a.variance == pytest.approx(10_000 - 1e8 / 121_120, abs=0.1)
    assert b.variance == pytest.approx(900 - 810_000 / 121_120, abs=0.1)


@pytest.mark.parametrize(("gap", "score"), [(0, 0.5), (400, 10 / 11), (-400, 1 / 11), (800, 100 / 101)])
def test_expected_score_is_the_elo_curve(gap: float, score: float) -> None:
    assert expected_score(1000 + gap, 1000) == pytest.approx(score)


def test_a_vote_of_more_weight_moves_more_and_a_settled_rating_moves_less() -> None:
    new, settled = Standing(1300, START_VARIANCE), Standing(1300, 400)

    def gain(standing: Standing, weight: float) -> float:
        return update(standing, new, score=1.0, weight=weight)[0].rating - 1300

    assert gain(new, 1.5) > gain(new, 1.0) > gain(new, 0.5) > 0
    assert gain(settled, 1.0) < 0.1 * gain(new, 1.0)


@given(standings, standings, scores, weights)
def test_sides_are_symmetric(a: Standing, b: Standing, score: float, weight: float) -> None:
    one = update(a, b, score=score, weight=weight)
    other = update(b, a, score=1.0 - score, weight=weight)
    for mine, theirs in zip(one, reversed(other), strict=True):
        assert mine.rating == pytest.approx(theirs.rating, abs=1e-6)
        assert mine.variance == pytest.approx(theirs.variance, rel=1e-9)


@given(standings, standings, scores, weights)
def test_ratings_weighted_by_certainty_are_conserved(a: Standing, b: Standing, score: float, weight: float) -> None:
    new_a, new_b = update(a, b, score=score, weight=weight)
    before = a.rating / a.variance + b.rating / b.variance
    after = new_a.rating / a.variance + new_b.rating / b.variance
    assert after == pytest.approx(before, abs=1e-6)


@given(standings, standings, scores, weights)
def test_results_are_finite_and_uncertainty_never_grows(a: Standing, b: Standing, score: float, weight: float) -> None:
    for old, new in zip((a, b), update(a, b, score=score, weight=weight), strict=True):
        assert math.isfinite(new.rating)
        assert MIN_VARIANCE <= new.variance <= old.variance
        assert new.n_votes == old.n_votes + 1


@given(standings, standings, weights)
def test_a_winner_never_falls(a: Standing, b: Standing, weight: float) -> None:
    new_a, new_b = update(a, b, score=1.0, weight=weight)
    assert new_a.rating >= a.rating
    assert new_b.rating <= b.rating


def test_a_tie_between_equals_moves_no_rating_but_is_known_better() -> None:
    a, b = update(Standing(1300, START_VARIANCE), Standing(1300, START_VARIANCE), score=0.5, weight=1.0)
    assert (a.rating, b.rating) == (1300, 1300)
    assert a.variance < START_VARIANCE


def test_even_absurd_gaps_are_survived() -> None:
    a, b = update(Standing(0, 100), Standing(1e6, 100), score=1.0, weight=1.0)
    assert a.rating > 0
    assert math.isfinite(b.rating)


def test_choices_map_totally() -> None:
    assert [score_of(choice) for choice in ("first", "tie", "second", "neither")] == [1.0, 0.5, 0.0, None]
    with pytest.raises(ValueError, match="a draw"):
        score_of("a draw")


def test_known_strengths_are_recovered() -> None:
    """12 mixers with strengths of deviation 100, 2,000 votes: the error is far below the spread that was to be found,
    and the deviations that go with the ratings are honest about it."""
    generator = np.random.default_rng(7)
    truth = generator.normal(0, 100, 12)
    board = [Standing(0.0, START_VARIANCE)] * 12
    for _ in range(2000):
        i, j = generator.choice(12, 2, replace=False)
        score = float(generator.random() < expected_score(truth[i], truth[j]))
        board[i], board[j] = update(board[i], board[j], score=score, weight=1.0)
    errors = np.array([standing.rating for standing in board]) - (truth - truth.mean())
    errors -= errors.mean()
    assert np.sqrt(np.mean(errors**2)) < 30
    assert np.corrcoef([s.rating for s in board], truth)[0, 1] > 0.95
    z = errors / np.sqrt([s.variance for s in board])
    assert np.mean(np.abs(z) < 2) >= 0.75
