"""What votes say about styles: found again where it is known, careful where it is not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixing.breeding.mutation import MAX_SIZE, MIN_SIZE, draw_mutation
from mixing.breeding.taste import (
    CARRIES_TASTE,
    N_TASTE,
    Comparison,
    Liking,
    Votes,
    learn_taste,
    lower_bounds,
    measure_style,
)
from mixing.console.spec import BUS_VECTOR
from mixing.mixers.zoo import load_mixer
from mixing.training import feature_sets
from mixing.training.probe import answers
from tests.mixing.breeding.champions import weights_of

FOUNDERS = range(5)
WANTED = 1.0 * CARRIES_TASTE


def styles(n: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (0.5 + 0.08 * rng.standard_normal((n, len(BUS_VECTOR)))).astype(np.float32)


def votes(n: int, wants: Mapping[str, NDArray[np.float64]], seed: int = 1) -> Votes:
    """Listeners of each genre who like styles along a direction, and vote as the model says."""
    rng = np.random.default_rng(seed)
    known = styles(30)
    comparisons = []
    for i in range(n):
        genre = sorted(wants)[i % len(wants)]
        first, second = (int(row) for row in rng.choice(30, 2, replace=False))
        chance = 1.0 / (1.0 + np.exp(-(known[first] - known[second]) @ wants[genre] / 0.1))
        comparisons.append(Comparison(first, second, float(rng.random() < chance), genre))
    return Votes(known, FOUNDERS, comparisons)


def test_the_direction_that_listeners_want_is_found() -> None:
    liking, _ = learn_taste(votes(1500, {"jazz": WANTED}), "jazz").liking(styles(200, seed=5))
    assert np.corrcoef(liking, styles(200, seed=5) @ WANTED)[0, 1] > 0.9


def test_genres_that_want_opposite_things_are_told_apart_and_cancel_in_the_whole() -> None:
    said, fresh = votes(3000, {"jazz": WANTED, "rock": -WANTED}), styles(200, seed=5)
    jazz, rock, whole = (learn_taste(said, genre).liking(fresh)[0] for genre in ("jazz", "rock", None))
    assert np.corrcoef(jazz, rock)[0, 1] < -0.8
    assert np.std(whole) < 0.5 * min(np.std(jazz), np.std(rock))


def test_a_genre_without_votes_of_its_own_is_judged_by_what_all_like() -> None:
    said, fresh = votes(1500, {"jazz": WANTED, "rock": WANTED}), styles(200, seed=5)
    unheard, sure = learn_taste(said, "folk").liking(fresh)
    shared, surer = learn_taste(said, None).liking(fresh)
    assert np.corrcoef(unheard, shared)[0, 1] > 0.95
    assert sure.mean() > surer.mean()


def test_votes_make_it_surer_and_their_order_and_sides_do_not_matter() -> None:
    said, fresh = votes(400, {"jazz": WANTED}), styles(50, seed=5)
    swapped = [Comparison(c.second, c.first, 1.0 - c.score, c.genre) for c in reversed(said.comparisons)]
    liking, deviation = learn_taste(said, "jazz").liking(fresh)
    again, _ = learn_taste(Votes(said.styles, FOUNDERS, swapped), "jazz").liking(fresh)
    np.testing.assert_allclose(again, liking, atol=1e-6)
    _, before = learn_taste(Votes(said.styles, FOUNDERS, []), "jazz").liking(fresh)
    assert (deviation < before).all()


def test_intervals_hold_what_they_say() -> None:
    fresh = styles(40, seed=5)
    inside = []
    for seed in range(20):
        rng = np.random.default_rng([seed, 9])
        truth = 0.6 * rng.standard_normal(len(BUS_VECTOR)) * CARRIES_TASTE
        taste = learn_taste(votes(300, {"jazz": truth}, seed), "jazz")
        liking, deviation = taste.liking(fresh)
        wanted = (fresh - styles(30)[:5].mean(axis=0)) @ truth / 0.1
        inside.append(np.abs(wanted - liking) < 1.96 * deviation)
    assert np.mean(inside) > 0.9


def test_lower_bounds_are_given_for_every_genre_and_the_whole() -> None:
    said = votes(300, {"jazz": WANTED, "rock": -WANTED})
    bounds = lower_bounds(said, said.styles)
    assert set(bounds) == {None, "jazz", "rock"}
    liking, deviation = learn_taste(said, "rock").liking(said.styles)
    np.testing.assert_allclose(bounds["rock"], liking - deviation)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 60))
def test_climbing_goes_uphill_to_the_top_of_its_line(seed: int, n_votes: int) -> None:
    rng = np.random.default_rng(seed)
    liking = learn_taste(votes(n_votes, {"jazz": WANTED}, seed), "jazz").draw(rng)
    at = styles(1, seed)[0].astype(float)
    step = liking.climb(at)
    assert not step[~CARRIES_TASTE].any()
    along = liking.of(np.stack([at + share * step for share in (0.0, 0.5, 0.9, 1.0, 1.1)]))
    assert along[0] <= along[1] <= along[2] <= along[3] + 1e-9
    assert along[4] <= along[3] + 1e-9


def test_the_best_style_is_left_alone() -> None:
    center = np.full(N_TASTE, 0.5)
    top = Liking(center, np.zeros(N_TASTE), np.full(N_TASTE, -1.0))
    assert not top.climb(np.full(len(BUS_VECTOR), 0.5)).any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**63 - 1), st.integers(0, 2))
def test_mutations_are_bounded_repeatable_and_leave_corners_and_loudness(seed: int, attempt: int) -> None:
    taste, at = learn_taste(Votes(styles(5), FOUNDERS, []), None), styles(1, 7)[0]
    step, again = (draw_mutation(taste, at, seed, attempt) for _ in range(2))
    assert (step is None) == (again is None)
    if step is None or again is None:
        return
    assert np.array_equal(step, again)
    assert MIN_SIZE * 0.999 <= np.sqrt(np.mean(step.astype(float) ** 2)) <= MAX_SIZE * 1.001
    fixed = [p.name in ("loudness_lufs", "low_peak_hz", "low_peak_q") for p in BUS_VECTOR]
    assert not step[fixed].any()


def test_mutations_go_anywhere_without_votes_and_where_listeners_want_with_them() -> None:
    at = styles(1, 7)[0]

    def agreement(said: Votes) -> list[float]:
        taste = learn_taste(said, "jazz")
        steps = [step for seed in range(60) if (step := draw_mutation(taste, at, seed)) is not None]
        return [float(step @ WANTED / np.linalg.norm(step) / np.linalg.norm(WANTED)) for step in steps]

    blind, told = agreement(votes(0, {"jazz": WANTED})), agreement(votes(2000, {"jazz": WANTED}))
    assert abs(np.mean(blind)) < 0.15
    assert np.mean(told) > 0.6


def test_a_style_is_the_mean_answer_to_the_heal_set() -> None:
    champion, heal_set = load_mixer(weights_of("boss-collective")), feature_sets.load("heal")
    assert measure_style(champion) == pytest.approx(answers(champion, heal_set.log_mel, heal_set.stats).mean(axis=0))
