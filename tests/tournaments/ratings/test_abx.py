"""ABX statistics: exact, monotone, and as published."""

from __future__ import annotations

from itertools import pairwise
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournaments.ratings.abx import ALPHA, is_passed, luck, needed, odds, p_value, power

# Longer ones come nearer to 1 than a double can say.
lengths = st.integers(1, 48)


@given(lengths)
def test_p_falls_from_one_with_every_right_answer(n_trials: int) -> None:
    values = [p_value(n_right, n_trials) for n_right in range(n_trials + 1)]
    assert values[0] == 1.0
    assert values[-1] == 0.5**n_trials
    assert all(higher > lower for higher, lower in pairwise(values))
    # A guesser is as likely to have n right as to have n wrong.
    singles = [here - after for here, after in zip(values, [*values[1:], 0.0], strict=True)]
    assert singles == pytest.approx(singles[::-1], abs=1e-12)
    assert fsum(singles) == pytest.approx(1.0)


@given(st.integers(5, 64), st.floats(0.5, 1.0))
def test_the_bar_is_the_lowest_that_guessers_pass_rarely_and_hearing_helps(n_trials: int, share: float) -> None:
    least = needed(n_trials)
    assert is_passed(least, n_trials)
    assert not is_passed(least - 1, n_trials)
    assert power(n_trials, 0.5) == pytest.approx(p_value(least, n_trials))
    assert power(n_trials, 0.5) - 1e-12 <= power(n_trials, share) <= power(n_trials, 1.0) == 1.0


def test_published_examples() -> None:
    """Leventhal 1986, and as he tells it in Stereophile, "The Highs & Lows of Double-Blind Testing", p. 4."""
    assert (needed(16), needed(50)) == (12, 32)
    assert round(p_value(12, 16), 4) == 0.0384
    assert round(p_value(9, 16), 4) == 0.4018
    assert round(p_value(32, 50), 4) == 0.0325
    assert round(1.0 - power(16, 0.6), 4) == 0.8334
    assert round(1.0 - power(50, 0.6), 4) == 0.6644


def test_odds_in_words_and_luck_over_several_tests() -> None:
    words = [odds(p_value(n, 12)) for n in (0, 6, 9, 10, 11, 12)]
    assert words == ["100 %", "61 %", "7.3 %", "1.9 %", "0.3 %", "0.02 %"]
    assert odds(p_value(16, 16)) == "0.002 %"
    assert luck(1) == pytest.approx(ALPHA)
    assert luck(3) == pytest.approx(1 - 0.95**3)
