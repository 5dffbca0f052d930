"""Pairs, finals and fields, and whether a listener's true favorite wins their tournament."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tournaments.ratings.elo import START_VARIANCE, Standing, expected_score
from tournaments.ratings.pairing import (
    FLAT,
    UNIFORM_SHARE,
    Candidate,
    Meeting,
    best_by_record,
    draw_field,
    draw_pair,
    final_pair,
    pair_probabilities,
    strengths,
)

FIVE = dict.fromkeys(range(1, 6), FLAT)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_strengths_start_flat_and_follow_the_votes() -> None:
    found = strengths(FIVE, [Meeting(1, 2, 1.0), Meeting(3, 2, 0.5), Meeting(4, 5, None)])
    assert found[1].rating > 0 > found[2].rating
    assert found[3].rating < 0  # only as good as the loser
    assert found[4] == found[5] == FLAT


def test_votes_on_mixers_that_left_are_skipped() -> None:
    assert strengths({1: FLAT}, [Meeting(1, 99, 1.0)]) == {1: FLAT}


def test_a_drawn_pair_comes_with_its_probability() -> None:
    meetings = [Meeting(1, 2, 1.0)]
    pairs = [pair for pair in combinations(range(1, 6), 2) if pair != (1, 2)]
    chances = dict(zip(pairs, pair_probabilities(FIVE, meetings, pairs), strict=True))
    assert sum(chances.values()) == pytest.approx(1.0)
    counts: Counter[tuple[int, int]] = Counter()
    for seed in range(2000):
        drawn = draw_pair(FIVE, meetings, inaudible=(), generator=rng(seed))
        assert drawn is not None
        pair = (min(drawn[:2]), max(drawn[:2]))
        assert drawn.probability == pytest.approx(chances[pair])
        counts[pair] += 1
    for pair, chance in chances.items():
        assert counts[pair] / 2000 == pytest.approx(chance, abs=0.035)


def test_the_same_seed_draws_the_same_pair_and_either_may_come_first() -> None:
    drawn = [draw_pair(FIVE, [], inaudible=(), generator=rng(seed)) for seed in range(50)]
    assert drawn == [draw_pair(FIVE, [], inaudible=(), generator=rng(seed)) for seed in range(50)]
    assert {pairing.first < pairing.second for pairing in drawn if pairing} == {True, False}


def test_those_heard_least_come_first() -> None:
    meetings = [Meeting(1, 2, 1.0), Meeting(3, 1, 0.0)]
    pairs = list(combinations(range(1, 6), 2))
    chances = dict(zip(pairs, pair_probabilities(FIVE, meetings, pairs), strict=True))
    assert max(chances, key=lambda pair: chances[pair]) == (4, 5)
    assert chances[4, 5] > 0.7


def test_every_pair_keeps_a_share_of_chance() -> None:
    meetings = [Meeting(1, 2, 1.0)] * 20
    pairs = list(combinations(range(1, 6), 2))
    assert pair_probabilities(FIVE, meetings, pairs).min() >= UNIFORM_SHARE / len(pairs)


def test_among_those_heard_equally_the_winners_are_tested_against_each_other() -> None:
    meetings = [Meeting(1, 2, 1.0), Meeting(3, 4, 1.0)]
    four = dict.fromkeys(range(1, 5), FLAT)
    pairs = [(1, 3), (1, 4), (2, 3), (2, 4)]
    chances = pair_probabilities(strengths(four, meetings), meetings, pairs)
    assert int(np.argmax(chances)) == 0
    assert int(np.argmin(chances)) == 3


@given(st.integers(0, 2**32), st.sets(st.sampled_from(list(combinations(range(1, 6), 2))), max_size=9))
def test_no_pair_meets_twice_while_another_has_not_met(seed: int, met: set[tuple[int, int]]) -> None:
    meetings = [Meeting(a, b, 1.0) for a, b in sorted(met)]
    drawn = draw_pair(strengths(FIVE, meetings), meetings, inaudible=(), generator=rng(seed))
    assert drawn is not None
    assert tuple(sorted(drawn[:2])) not in met
    assert not drawn.is_rematch


def test_pairs_that_sound_alike_are_never_drawn() -> None:
    inaudible = {frozenset(pair) for pair in combinations(range(1, 6), 2)} - {frozenset((2, 4))}
    drawn = draw_pair(FIVE, [], inaudible=inaudible, generator=rng())
    assert drawn is not None
    assert set(drawn[:2]) == {2, 4}
    again = draw_pair(FIVE, [Meeting(2, 4, 1.0)], inaudible=inaudible, generator=rng())
    assert again is not None
    assert again.is_rematch
    inaudible.add(frozenset((2, 4)))
    assert draw_pair(FIVE, [], inaudible=inaudible, generator=rng()) is None


def test_the_final_sets_the_best_against_the_newest_offspring() -> None:
    meetings = [Meeting(1, 2, 1.0), Meeting(3, 4, 1.0), Meeting(1, 3, 1.0)]
    field = strengths({**FIVE, 6: FLAT, 7: FLAT}, meetings)
    final = final_pair(field, meetings, offspring=[7, 6], inaudible=())
    assert final == (1, 7, 1.0, False)


def test_an_offspring_that_is_itself_the_best_meets_the_next_newest() -> None:
    meetings = [Meeting(7, 1, 1.0), Meeting(7, 2, 1.0)]
    field = strengths({**FIVE, 6: FLAT, 7: FLAT}, meetings)
    final = final_pair(field, meetings, offspring=[7, 6], inaudible=())
    assert final is not None
    assert final[:2] == (7, 6)


def test_without_offspring_the_final_is_a_pair_that_has_not_met() -> None:
    meetings = [Meeting(1, 2, 1.0), Meeting(3, 4, 1.0), Meeting(1, 3, 1.0)]
    field = strengths(FIVE, meetings)
    final = final_pair(field, meetings, offspring=[], inaudible=())
    assert final is not None
    assert final.first == 1
    assert final.second == 5  # the strongest that 1 has not met
    assert not final.is_rematch


def test_else_the_final_is_a_rematch() -> None:
    three = dict.fromkeys((1, 2, 3), FLAT)
    meetings = [Meeting(1, 2, 1.0), Meeting(1, 3, 1.0), Meeting(2, 3, 1.0)]
    final = final_pair(strengths(three, meetings), meetings, offspring=[3], inaudible=())
    assert final is not None
    assert final.is_rematch
    assert set(final[:2]) == {1, 2}


def test_a_best_that_sounds_like_all_others_is_passed_over() -> None:
    inaudible = {frozenset((1, other)) for other in (2, 3)}
    three = {1: Standing(50, START_VARIANCE), 2: FLAT, 3: FLAT}
    final = final_pair(three, [], offspring=[], inaudible=inaudible)
    assert final is not None
    assert set(final[:2]) == {2, 3}
    assert final_pair(three, [], offspring=[], inaudible={*inaudible, frozenset((2, 3))}) is None


def test_record_then_rating_then_seniority() -> None:
    ratings = {1: 1300.0, 2: 1400.0, 3: 1400.0}
    assert best_by_record([Meeting(1, 2, 1.0)], ratings) == 1
    assert best_by_record([Meeting(1, 2, None), Meeting(1, 3, 0.5)], ratings) == 2
    # A win and a loss are worth as much as no battle at all.
    assert best_by_record([Meeting(2, 3, 0.0), Meeting(9, 3, 1.0)], ratings) == 3
    assert best_by_record([], {3: 1400.0, 2: 1400.0}) == 2


def test_a_small_arena_enters_as_a_whole() -> None:
    four = [Candidate(i, Standing(1300.0, START_VARIANCE), True) for i in (4, 2, 3, 1)]
    assert draw_field(four, generator=rng()) == [1, 2, 3, 4]


def test_a_field_holds_two_champions_those_who_are_good_and_those_who_may_be() -> None:
    champions = [Candidate(i, Standing(1300.0, 200.0), True) for i in range(1, 6)]
    known = {10: Standing(1400.0, 200.0), 11: Standing(1200.0, 200.0), 12: Standing(1290.0, START_VARIANCE)}
    offspring = [Candidate(i, known.get(i, Standing(1310.0, 400.0)), False) for i in range(6, 20)]
    seen: Counter[int] = Counter()
    for seed in range(300):
        field = draw_field([*champions, *offspring], generator=rng(seed))
        assert len(set(field)) == 5
        assert sum(mixer <= 5 for mixer in field) >= 2
        seen.update(field)
    assert seen[10] > 0.95 * 300  # the best of all
    assert seen[11] == 0  # known to be weak
    assert seen[12] > 0.3 * 300  # hardly known yet
    assert seen[12] > 1.2 * max(seen[i] for i in range(6, 20) if i not in known)


def favorite_wins(start: dict[int, Standing], truth: np.ndarray, generator: np.random.Generator) -> bool:
    """Play five rounds with an honest listener; say whether the one they like best is the champion."""
    meetings: list[Meeting] = []
    for number in range(1, 6):
        field = strengths(start, meetings)
        pairing = (
            final_pair(field, meetings, offspring=[], inaudible=())
            if number == 5
            else draw_pair(field, meetings, inaudible=(), generator=generator)
        )
        assert pairing is not None
        chance = expected_score(truth[pairing.first], truth[pairing.second])
        meetings.append(Meeting(pairing.first, pairing.second, float(generator.random() < chance)))
    final = meetings[-1]
    return (final.first if final.score == 1.0 else final.second) == int(np.argmax(truth))


def test_flat_strengths_find_the_listeners_favorite_where_a_global_prior_does_not() -> None:
    generator = rng(11)
    n_listeners = 600
    prior = np.array([1250.0, 1300.0, 1280.0, 1350.0, 1400.0])
    found = {"flat": 0, "prior": 0}
    for _ in range(n_listeners):
        truth = generator.normal(0, 400, 5)
        world = dict(enumerate(Standing(float(rating), 50.0**2) for rating in prior))
        found["flat"] += favorite_wins(dict.fromkeys(range(5), FLAT), truth, generator)
        found["prior"] += favorite_wins(world, truth, generator)
    assert found["flat"] / n_listeners > 0.6
    assert found["flat"] - found["prior"] > 0.2 * n_listeners
