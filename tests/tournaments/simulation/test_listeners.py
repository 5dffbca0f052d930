"""Simulated listeners prefer what comes nearer to their ideal, as often as they are said to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tournaments.simulation.listeners import (
    AGREEMENT,
    N_GENRES,
    RANDOM_SHARE,
    TIE_SHARE,
    Heard,
    Listener,
    Taste,
    distances,
    draw_genres,
    draw_listeners,
    judge,
    scale_for_agreement,
)

PLAIN = Taste(np.zeros(28), 0.0, 1.0)
LISTENER = Listener(0, 0, PLAIN, is_random=False)


def songs(n: int = 5) -> Heard:
    rng = np.random.default_rng(0)
    return Heard(rng.normal(-25, 5, (n, 28)), rng.normal(-8, 2, (n, 3)), rng.uniform(3, 6, n))


def test_the_ideal_itself_is_at_distance_nothing_whatever_its_gain() -> None:
    clean, weights = songs(), np.ones((5, 28))
    taste = draw_genres(np.random.default_rng(1))[0]
    ideal = Heard(
        clean.mid_db + taste.tone_db + 7.0, clean.width_db + taste.width_db, clean.spread_db * taste.spread_factor
    )
    np.testing.assert_allclose(distances(ideal, clean, weights, taste), 0.0, atol=1e-9)
    assert distances(ideal, clean, weights, PLAIN).min() > 0.3


def test_listeners_agree_as_often_as_they_are_said_to() -> None:
    gaps = np.random.default_rng(2).normal(0.0, 1.3, 4000)
    scale = scale_for_agreement(gaps)
    rng = np.random.default_rng(3)
    votes = [judge(0.0, gap, LISTENER, scale, rng).choice for gap in gaps]
    right = [("first" if gap > 0 else "second") == vote for gap, vote in zip(gaps, votes, strict=True) if vote != "tie"]
    assert np.mean(right) == pytest.approx(AGREEMENT, abs=0.03)


def test_equal_mixes_are_tied_sometimes_and_clear_ones_hardly_ever() -> None:
    rng = np.random.default_rng(4)
    assert np.mean([judge(1.0, 1.0, LISTENER, 1.0, rng).choice == "tie" for _ in range(2000)]) == pytest.approx(
        TIE_SHARE, abs=0.04
    )
    clear = [judge(1.0, 9.0, LISTENER, 1.0, rng) for _ in range(500)]
    assert np.mean([opinion.choice == "first" for opinion in clear]) > 0.98
    assert np.mean([opinion.confidence for opinion in clear]) > 85


@pytest.mark.parametrize("listener", [LISTENER, Listener(0, 0, PLAIN, is_random=True)])
def test_coins_and_random_listeners_hear_nothing(listener: Listener) -> None:
    rng = np.random.default_rng(5)
    choices = [judge(0.0, 20.0, listener, 1.0, rng, is_coin=not listener.is_random).choice for _ in range(2000)]
    assert np.mean([choice == "first" for choice in choices]) == pytest.approx(0.5, abs=0.04)


@settings(deadline=None)
@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.01, 20), st.integers(0, 1000))
def test_every_vote_can_be_entered(first: float, second: float, scale: float, seed: int) -> None:
    opinion = judge(first, second, LISTENER, scale, np.random.default_rng(seed))
    assert opinion.choice in ("first", "second", "tie")
    assert 0 <= opinion.confidence <= 100
    assert opinion.choice != "tie" or opinion.confidence == 0


def test_genres_are_shared_evenly_and_few_listeners_are_random() -> None:
    rng = np.random.default_rng(6)
    listeners = draw_listeners(draw_genres(rng), 4000, rng)
    assert [sum(listener.genre == g for listener in listeners) for g in range(N_GENRES)] == [1000] * N_GENRES
    assert np.mean([listener.is_random for listener in listeners]) == pytest.approx(RANDOM_SHARE, abs=0.02)
