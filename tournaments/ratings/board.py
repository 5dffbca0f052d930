"""The official board: ratings from all votes together, with intervals that know that votes of one battle are kin.

Votes are not independent: those on one battle share its two mixes, those of one voter share a taste. So each round of
the bootstrap weighs whole battles and whole voters by chance, a vote counting the product of its battle's weight and
its voter's. The weights are exponential: none is 0, so that no round loses a mixer. Where votes are few the prior
decides; each round therefore also draws what the prior is centered on, else a mixer without votes would be certain.

An overall rating is the mean of the ratings in the genres, by their shares in the votes. Every genre's ratings are
anchored alike, since votes tell only differences.

Sources: A. Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1, 2007; A. Owen, D. Eckles, Bootstrapping data
arrays of arbitrary order, Annals of Applied Statistics 6, 2012, for weights; J. Bardsley et al.,
Randomize-then-optimize, SIAM Journal on Scientific Computing 36, 2014, for the prior.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.bradley_terry import POINTS_PER_UNIT, Floats, Ledger, Parents, Spreads, Strengths, Votes

ROUNDS = 1000
LEVEL = 0.95
PROVISIONAL_BELOW = 100
ANCHOR_RATING = 1500.0
DEFAULT_SPREADS = Spreads()
# Weights held at a time: large enough for numpy, small enough for the cache.
MAX_WEIGHTS = 4_000_000


class Estimate(NamedTuple):
    """A number between its 95 % bounds, in Elo points or as named."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """A mixer on the board. Genres come in the order of their numbers."""

    mixer: int
    rating: Estimate
    genre_ratings: tuple[Estimate, ...]
    n_votes: int
    n_battles: int

    @property
    def is_provisional(self) -> bool:
        """Whether its votes are too few for a title."""
        return self.n_votes < PROVISIONAL_BELOW


@dataclass(frozen=True)
class Board:
    """Rows by falling lower bound; how much being A helps, in Elo points; nu, how likely ties are (0.5: 20 %)."""

    rows: tuple[Row, ...]
    side: Estimate
    tie: Estimate


def official_board(
    votes: Votes,
    *,
    parents: Parents,
    n_genres: int,
    generator: np.random.Generator,
    anchors: Sequence[int] = (),
    anchor_rating: float = ANCHOR_RATING,
    spreads: Spreads = DEFAULT_SPREADS,
    rounds: int = ROUNDS,
) -> Board:
    """Rate all mixers.

    The intervals lie between percentiles of the rounds. They are too wide where votes have little in common, at most by
    the root of 3 where none has: the variance that is a vote's own then counts for its battle, its voter and both.

    Args:
        parents: of every mixer, by number; None for founders. A mixer without votes stands at the mean of its parents.
        anchors: mixers whose mean is `anchor_rating`, overall and in every genre; the founders if none is named.
        rounds: of the bootstrap, 2 at least.
    Raises: ValueError for numbers out of range, for a mixer among its own ancestors and without anything to anchor to;
        ArithmeticError where a fit does not settle.
    """
    if rounds < 2:
        raise ValueError("intervals need two rounds at least")
    anchored = list(anchors) or [mixer for mixer, pair in enumerate(parents) if pair is None]
    if not anchored or not all(0 <= mixer < len(parents) for mixer in anchored):
        raise ValueError("the ratings need anchors that are on the board")
    ledger = Ledger(votes, parents, n_genres, spreads)
    prior = ledger.prior_mean()
    fitted = ledger.fit(ledger.tally(np.ones((len(votes), 1), np.float32)), start=prior, prior=prior)
    drawn = _joined([fitted, *bootstrap(ledger, votes, start=fitted, rounds=rounds, generator=generator)])

    in_genre = drawn.genre - drawn.genre[:, anchored].mean(axis=1, keepdims=True)
    in_genre = anchor_rating + POINTS_PER_UNIT * in_genre
    genre_votes = np.bincount(votes.genre, minlength=n_genres)
    shares = genre_votes / len(votes) if len(votes) else np.full(n_genres, 1.0 / n_genres)
    overall = np.tensordot(shares, in_genre, axes=1)

    n_votes, n_battles = _appearances(votes, len(parents))
    ratings, genre_ratings = _estimates(overall), [_estimates(genre) for genre in in_genre]
    rows = [
        Row(mixer, ratings[mixer], tuple(genre[mixer] for genre in genre_ratings), n_votes[mixer], n_battles[mixer])
        for mixer in range(len(parents))
    ]
    rows.sort(key=lambda row: (-row.rating.low, row.mixer))
    (side,), (tie,) = _estimates(POINTS_PER_UNIT * drawn.side[None]), _estimates(np.exp(drawn.log_tie[None]))
    return Board(tuple(rows), side, tie)


def bootstrap(
    ledger: Ledger, votes: Votes, *, start: Strengths, rounds: int, generator: np.random.Generator
) -> Iterator[Strengths]:
    """Refit under random weights of battles and voters; yields some of the rounds at a time.

    Args:
        start: the fit of the votes as they are.
    """
    (battles, battle), (voters, voter) = (
        np.unique(numbers, return_inverse=True) for numbers in (votes.battle, votes.voter)
    )
    per_round = max(len(votes), ledger.n_genres * ledger.n_mixers**2)
    at_once = max(1, MAX_WEIGHTS // per_round)
    for done in range(0, rounds, at_once):
        n = min(at_once, rounds - done)
        weights = _weights(len(battles), n, generator)[battle] * _weights(len(voters), n, generator)[voter]
        yield ledger.fit(ledger.tally(weights), start=start, prior=ledger.prior_draws(n, generator))


def _weights(n: int, rounds: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Exponential weights with a mean of exactly 1 in each round: a lone voter is neither more nor less than one."""
    weights = generator.standard_exponential((n, rounds), dtype=np.float32)
    weights /= weights.sum(axis=0) / max(n, 1)
    return weights


def _joined(parts: Sequence[Strengths]) -> Strengths:
    return Strengths(
        overall=np.concatenate([part.overall for part in parts], axis=-1),
        genre=np.concatenate([part.genre for part in parts], axis=-1),
        side=np.concatenate([part.side for part in parts]),
        log_tie=np.concatenate([part.log_tie for part in parts]),
    )


def _estimates(values: Floats) -> list[Estimate]:
    """One estimate a row; the first column holds the fit, the others the rounds."""
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(values[:, 1:], [tail, 1.0 - tail], axis=1)
    return [Estimate(*map(float, row)) for row in zip(values[:, 0], low, high, strict=True)]


def _appearances(votes: Votes, n_mixers: int) -> tuple[list[int], list[int]]:
    """How many votes, and how many battles, each mixer took part in."""
    mixer = np.concatenate([votes.first, votes.second])
    battle = np.concatenate([votes.battle, votes.battle])
    of_battles = np.unique(np.stack([mixer, battle]), axis=1)[0]
    counts = (np.bincount(numbers, minlength=n_mixers) for numbers in (mixer, of_battles))
    n_votes, n_battles = (count.tolist() for count in counts)
    return n_votes, n_battles
