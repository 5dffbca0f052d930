"""Who meets whom in a tournament, and which mixers enter one.

A tournament is short, so its pairs are chosen for what this listener will tell us: mixers that were heard least come
first, and among those the pairs that are hardest to foresee and that involve whoever may be the best. Strengths start
from a flat standing and follow the listener's own votes alone. Every draw keeps a share of chance, and its probability
is given, so that votes can be weighted by it later.

The final sets the best so far against the newest offspring that may fight.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.elo import START_VARIANCE, Standing, expected_score, update

FLAT = Standing(0.0, START_VARIANCE)
UNIFORM_SHARE = 0.1
# In units of the softmax's exponent. Coverage comes first: one hearing more makes a pair a twentieth (e^-3) as likely.
COVERAGE_PER_HEARING = 3.0
INFORMATION = 1.0
# Per Elo point of the pair's mean strength: whoever may be the best should be tested.
PROMISE_PER_POINT = 0.04

FIELD_SIZE = 5
MIN_CHAMPIONS = 2


class Meeting(NamedTuple):
    """A decided battle; the score is the first's, and None where neither was acceptable."""

    first: int
    second: int
    score: float | None


class Pairing(NamedTuple):
    """Two mixers to meet, and the probability with which they were drawn."""

    first: int
    second: int
    probability: float
    is_rematch: bool


class Candidate(NamedTuple):
    """A living mixer that may enter a tournament, with its standing in the tournament's genre."""

    mixer: int
    standing: Standing
    is_champion: bool


def strengths(start: Mapping[int, Standing], meetings: Sequence[Meeting]) -> dict[int, Standing]:
    """Standings after the meetings, in order. Every vote counts alike: a tournament is too short for habits."""
    standings = dict(start)
    for first, second, score in meetings:
        if score is not None and first in standings and second in standings:
            standings[first], standings[second] = update(standings[first], standings[second], score=score, weight=1.0)
    return standings


def draw_pair(
    standings: Mapping[int, Standing],
    meetings: Sequence[Meeting],
    *,
    inaudible: Collection[frozenset[int]],
    generator: np.random.Generator,
) -> Pairing | None:
    """Draw an ordinary round's pair among the mixers of `standings`.

    Args:
        meetings: the tournament's decided battles; no pair meets twice while there is one that has not met.
        inaudible: pairs that do not differ to the ear; never drawn.
    Returns: None where no two mixers are left that differ.
    """
    pairs, is_rematch = _open_pairs(sorted(standings), meetings, inaudible)
    if not pairs:
        return None
    chances = pair_probabilities(standings, meetings, pairs)
    i = int(generator.choice(len(pairs), p=chances))
    first, second = pairs[i] if generator.random() < 0.5 else reversed(pairs[i])
    return Pairing(first, second, float(chances[i]), is_rematch)


def pair_probabilities(
    standings: Mapping[int, Standing], meetings: Sequence[Meeting], pairs: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    """The chance of each pair, (len(pairs),), in sum 1: a softmax with a uniform floor."""
    heard = dict.fromkeys(standings, 0)
    for meeting in meetings:
        for mixer in (meeting.first, meeting.second):
            if mixer in heard:
                heard[mixer] += 1
    scores = np.array([_pair_score(standings[a], standings[b], heard[a] + heard[b]) for a, b in pairs])
    softmax = np.exp(scores - scores.max())
    softmax /= softmax.sum()
    return (1.0 - UNIFORM_SHARE) * softmax + UNIFORM_SHARE / len(pairs)


def final_pair(
    standings: Mapping[int, Standing],
    meetings: Sequence[Meeting],
    *,
    offspring: Sequence[int],
    inaudible: Collection[frozenset[int]],
) -> Pairing | None:
    """The final: the best so far against the newest offspring that it has not met.

    Without such an offspring the best meets the strongest that it has not met, else it meets the strongest again. Where
    the best differs from nobody, the next best takes its place.

    Args:
        offspring: those among the mixers of `standings` that were born in this tournament, newest first.
    Returns: None where no two mixers are left that differ.
    """
    met = {frozenset(meeting[:2]) for meeting in meetings}
    ranked = sorted(standings, key=lambda mixer: (-standings[mixer].rating, mixer))
    for best in ranked:
        rivals = [mixer for mixer in ranked if mixer != best and frozenset((best, mixer)) not in inaudible]
        unmet = [mixer for mixer in rivals if frozenset((best, mixer)) not in met]
        order = [mixer for mixer in offspring if mixer in unmet] + unmet + rivals
        if order:
            return Pairing(best, order[0], 1.0, order[0] not in unmet)
    return None


def draw_field(candidates: Sequence[Candidate], *, generator: np.random.Generator) -> list[int]:
    """Draw the mixers that enter a tournament: up to five, two champions at least.

    Everybody draws a strength from what is known of its rating, and the strongest enter: those who are good in the
    genre, and those who may be. Source: W. Thompson, On the likelihood that one unknown probability exceeds another,
    Biometrika 25, 1933.

    Args:
        candidates: all living mixers.
    Returns: mixers in ascending order.
    """
    if len(candidates) <= FIELD_SIZE:
        return sorted(candidate.mixer for candidate in candidates)
    ordered = sorted(candidates)
    drawn = {
        c.mixer: c.standing.rating + math.sqrt(c.standing.variance) * float(generator.standard_normal())
        for c in ordered
    }
    ranked = sorted(ordered, key=lambda c: (-drawn[c.mixer], c.mixer))
    chosen = [c.mixer for c in ranked if c.is_champion][:MIN_CHAMPIONS]
    chosen += [c.mixer for c in ranked if c.mixer not in chosen][: FIELD_SIZE - len(chosen)]
    return sorted(chosen)


def best_by_record(meetings: Sequence[Meeting], ratings: Mapping[int, float]) -> int:
    """Whoever has the best record, wins less losses; then the higher rating; then whoever entered the arena earlier.

    Args:
        ratings: live ratings of the mixers to choose from.
    """
    record = dict.fromkeys(ratings, 0.0)
    for first, second, score in meetings:
        if score is None:
            continue
        for mixer, points in ((first, 2.0 * score - 1.0), (second, 1.0 - 2.0 * score)):
            if mixer in record:
                record[mixer] += points
    return min(ratings, key=lambda mixer: (-record[mixer], -ratings[mixer], mixer))


def _open_pairs(
    mixers: Sequence[int], meetings: Sequence[Meeting], inaudible: Collection[frozenset[int]]
) -> tuple[list[tuple[int, int]], bool]:
    met = {frozenset(meeting[:2]) for meeting in meetings}
    audible = [pair for pair in combinations(mixers, 2) if frozenset(pair) not in inaudible]
    unmet = [pair for pair in audible if frozenset(pair) not in met]
    return (unmet, False) if unmet else (audible, True)


def _pair_score(a: Standing, b: Standing, n_heard: int) -> float:
    expected = expected_score(a.rating, b.rating)
    return (
        INFORMATION * 4.0 * expected * (1.0 - expected)
        + PROMISE_PER_POINT * (a.rating + b.rating) / 2.0
        - COVERAGE_PER_HEARING * n_heard
    )
