"""Strengths that explain all votes together: a Bradley-Terry model with ties, genres and a side, kept tame by a prior.

In a battle of mixers i and j in genre g, with i's strength there phi_gi and s = 1 where i played as A, else -1:

    d = phi_gi - phi_gj + s side
    P(i wins), P(j wins), P(tie)  in proportion to  exp(d / 2), exp(-d / 2), nu

so that a tie is as likely as nu sqrt(pi_i pi_j) in Davidson's terms, pi = exp(phi). A mixer has one strength theta_i,
and phi_gi = theta_i + offset_gi. The prior says of founders that theta and offsets are near 0, and of offspring that
they are near the mean of their parents', all with Gaussian spreads. The log-posterior is concave, and Newton's method
finds its only maximum; for given theta, side and nu the genres are independent, so each step eliminates them.

The same problem is solved for many weightings of the votes at once; the last axis of an array is that of the rounds.
Strengths are in natural units here: POINTS_PER_UNIT Elo points each.

Sources: R. Bradley, M. Terry, Rank analysis of incomplete block designs, Biometrika 39, 1952; R. Davidson, On extending
the Bradley-Terry model to accommodate ties in paired comparison experiments, JASA 65, 1970.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

POINTS_PER_UNIT = 400.0 / math.log(10.0)

SECOND_WON, FIRST_WON, TIE = 0, 1, 2

# The last step of a fit is shorter than this; Newton's method then errs by about its square.
TOLERANCE = 1e-4
MAX_STEPS = 200
MAX_HALVINGS = 40
# Of the log-posterior: what may be lost to rounding.
ROUNDING = 1e-11

Floats: TypeAlias = NDArray[np.float64]
Parents: TypeAlias = Sequence[tuple[int, int] | None]


@dataclass(frozen=True)
class Votes:
    """Decided votes, one array element each; mixers, genres, battles and voters are any numbers from 0 on.

    Raises: ValueError for arrays of unequal length, unknown outcomes, negative numbers or a mixer against itself.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    outcome: NDArray[np.int8]
    genre: NDArray[np.int64]
    is_first_a: NDArray[np.bool_]
    battle: NDArray[np.int64]
    voter: NDArray[np.int64]

    def __post_init__(self) -> None:
        numbers = (self.first, self.second, self.genre, self.battle, self.voter)
        if any(array.shape != (len(self),) for array in (*numbers, self.outcome, self.is_first_a)):
            raise ValueError("the arrays of votes differ in length")
        if not np.isin(self.outcome, (SECOND_WON, FIRST_WON, TIE)).all():
            raise ValueError("an outcome is neither 0, 1 nor 2")
        if any((array < 0).any() for array in numbers):
            raise ValueError("a mixer, genre, battle or voter is below 0")
        if (self.first == self.second).any():
            raise ValueError("a mixer was voted on against itself")

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of the prior, in Elo points; of the logarithm of nu also the mean."""

    founder: float = 200.0
    offspring: float = 100.0
    genre: float = 50.0
    side: float = 50.0
    log_tie: float = 1.0
    log_tie_mean: float = math.log(0.5)

    def __post_init__(self) -> None:
        if min(self.founder, self.offspring, self.genre, self.side, self.log_tie) <= 0.0:
            raise ValueError("a spread is not above 0")


@dataclass(frozen=True)
class Strengths:
    """What a fit finds, for each round."""

    overall: Floats  # (n_mixers, rounds)
    genre: Floats  # (n_genres, n_mixers, rounds)
    side: Floats  # (rounds,), in favor of A
    log_tie: Floats  # (rounds,), log nu


@dataclass(frozen=True)
class Point:
    """Strengths, and what they foretell for every cell and round."""

    strengths: Strengths
    half_gap: Floats  # d / 2
    log_total: Floats  # of the three terms' sum
    half_margin: Floats  # (P(win) - P(loss)) / 2, of the mixer of lower number
    p_tie: Floats


class Ledger:
    """Votes gathered into cells of one pair, genre and side, together with the prior of their mixers."""

    def __init__(self, votes: Votes, parents: Parents, n_genres: int, spreads: Spreads) -> None:
        """Gather the votes.

        Args:
            parents: of every mixer; None for founders.
        Raises: ValueError for mixers or genres out of range and for a mixer among its own ancestors.
        """
        n = len(parents)
        if len(votes) and (max(votes.first.max(), votes.second.max()) >= n or votes.genre.max() >= n_genres):
            raise ValueError(f"a vote names none of {n} mixers or {n_genres} genres")
        self.n_mixers, self.n_genres, self.spreads = n, n_genres, spreads
        self._departure = _departures(parents)
        is_founder = np.array([pair is None for pair in parents])
        self.mixer_spread = np.where(is_founder, spreads.founder, spreads.offspring) / POINTS_PER_UNIT
        self.genre_spread = spreads.genre / POINTS_PER_UNIT
        self.side_spread = spreads.side / POINTS_PER_UNIT

        # A vote on (j, i) is a vote on (i, j) seen from the other side.
        is_swapped = votes.first > votes.second
        low, high = np.minimum(votes.first, votes.second), np.maximum(votes.first, votes.second)
        is_low_a = votes.is_first_a != is_swapped
        key = ((votes.genre * n + low) * n + high) * 2 + is_low_a
        keys, cell = np.unique(key, return_inverse=True)
        self._cells = len(keys)
        low_won = np.where(is_swapped, SECOND_WON, FIRST_WON)
        kind = np.where(votes.outcome == TIE, 2, np.where(votes.outcome == low_won, 0, 1))
        one = np.ones(len(votes), np.float32)
        self._gather = sparse.csr_array(
            (one, (kind * self._cells + cell, np.arange(len(votes)))), shape=(3 * self._cells, len(votes))
        )
        self._side = np.where(keys % 2 == 1, 1.0, -1.0)[:, None]
        genre, pair = np.divmod(keys // 2, n * n)
        i, j = np.divmod(pair, n)
        self._contrast = _scatter(n_genres * n, self._cells, [(genre * n + i, 1.0), (genre * n + j, -1.0)])
        square = [(i, i, 1.0), (j, j, 1.0), (i, j, -1.0), (j, i, -1.0)]
        self._laplacian = _scatter(
            n_genres * n * n, self._cells, [((genre * n + row) * n + column, sign) for row, column, sign in square]
        )

    def tally(self, weights: NDArray[np.float32]) -> Floats:
        """Weighted votes of every cell, (3, cells, rounds), from weights of (votes, rounds)."""
        return (self._gather @ weights).astype(np.float64).reshape(3, self._cells, weights.shape[1])

    def prior_mean(self, rounds: int = 1) -> Strengths:
        """The means of departures from parents (or from 0) that the prior gives."""
        n, genres = self.n_mixers, self.n_genres
        log_tie = np.full(rounds, self.spreads.log_tie_mean)
        return Strengths(np.zeros((n, rounds)), np.zeros((genres, n, rounds)), np.zeros(rounds), log_tie)

    def prior_draws(self, rounds: int, generator: np.random.Generator) -> Strengths:
        """Departures drawn from the prior."""
        n, genres = self.n_mixers, self.n_genres
        return Strengths(
            self.mixer_spread[:, None] * generator.standard_normal((n, rounds)),
            self.genre_spread * generator.standard_normal((genres, n, rounds)),
            self.side_spread * generator.standard_normal(rounds),
            self.spreads.log_tie_mean + self.spreads.log_tie * generator.standard_normal(rounds),
        )

    def fit(self, tally: Floats, *, start: Strengths, prior: Strengths) -> Strengths:
        """The strengths of highest posterior density for each round.

        Args:
            tally: (3, cells, rounds), see `tally`.
            start: where to begin, of as many rounds or of one.
            prior: the means of departures.
        Raises: ArithmeticError where 200 steps are not enough.
        """
        rounds = tally.shape[-1]
        here = self.at(Strengths(*(np.broadcast_to(a, (*a.shape[:-1], rounds)) for a in _arrays(start))))
        score = self.log_posterior(tally, here, prior)
        for _ in range(MAX_STEPS):
            step = _arrays(self._newton_step(tally, here, prior))
            length = np.ones(rounds)
            for _ in range(MAX_HALVINGS):
                there = self.at(
                    Strengths(*(a + length * b for a, b in zip(_arrays(here.strengths), step, strict=True)))
                )
                new_score = self.log_posterior(tally, there, prior)
                is_worse = new_score < score - ROUNDING * (1.0 + np.abs(score))
                if not is_worse.any():
                    break
                length[is_worse] *= 0.5
            here, score = there, new_score
            if max(float(np.abs(a).max()) for a in step) < TOLERANCE:
                return here.strengths
        raise ArithmeticError("the strengths did not settle")

    def at(self, strengths: Strengths) -> Point:
        """What the strengths foretell."""
        overall = strengths.genre.reshape(self.n_genres * self.n_mixers, -1)
        half = 0.5 * (self._contrast.T @ overall + self._side * strengths.side)
        # The largest exponent is taken out, so that none overflows.
        top = np.maximum(np.abs(half), strengths.log_tie)
        win, loss, tie = np.exp(half - top), np.exp(-half - top), np.exp(strengths.log_tie - top)
        total = win + loss + tie
        return Point(strengths, half, top + np.log(total), 0.5 * (win - loss) / total, tie / total)

    def log_posterior(self, tally: Floats, point: Point, prior: Strengths) -> Floats:
        """(rounds,), but for a constant."""
        wins, losses, ties = tally
        likelihood = (wins - losses) * point.half_gap + ties * point.strengths.log_tie
        likelihood -= (wins + losses + ties) * point.log_total
        overall, genre, side, log_tie = self._deviations(point.strengths, prior)
        penalty = (overall**2).sum(axis=0) + (genre**2).sum(axis=(0, 1)) + side**2 + log_tie**2
        return np.asarray(likelihood.sum(axis=0) - 0.5 * penalty)

    def gradient(self, tally: Floats, point: Point, prior: Strengths) -> Strengths:
        """Of the log-posterior, by every strength."""
        wins, losses, ties = tally
        n_votes = wins + losses + ties
        surprise = 0.5 * (wins - losses) - n_votes * point.half_margin
        overall, genre, side, log_tie = self._deviations(point.strengths, prior)
        of_genre = self._departure.T @ (genre / self.genre_spread)
        return Strengths(
            overall=of_genre.sum(axis=0) - self._departure.T @ (overall / self.mixer_spread[:, None]),
            genre=(self._contrast @ surprise).reshape(of_genre.shape) - of_genre,
            side=(self._side * surprise).sum(axis=0) - side / self.side_spread,
            log_tie=(ties - n_votes * point.p_tie).sum(axis=0) - log_tie / self.spreads.log_tie,
        )

    def _deviations(self, at: Strengths, prior: Strengths) -> tuple[Floats, Floats, Floats, Floats]:
        """From the prior, in its standard deviations."""
        return (
            (self._departure @ at.overall - prior.overall) / self.mixer_spread[:, None],
            (self._departure @ (at.genre - at.overall) - prior.genre) / self.genre_spread,
            (at.side - prior.side) / self.side_spread,
            (at.log_tie - prior.log_tie) / self.spreads.log_tie,
        )

    def _newton_step(self, tally: Floats, point: Point, prior: Strengths) -> Strengths:
        """Solve H step = gradient, H the negative Hessian: an arrow of one block a genre and a border.

        The border holds the overall strengths, the side and log nu.
        """
        n, genres, rounds = self.n_mixers, self.n_genres, tally.shape[-1]
        slope = self.gradient(tally, point, prior)
        n_votes, half_margin, p_tie = tally.sum(axis=0), point.half_margin, point.p_tie
        gap_gap = n_votes * (0.25 * (1.0 - p_tie) - half_margin**2)
        gap_tie = -n_votes * half_margin * p_tie
        tie_tie = n_votes * p_tie * (1.0 - p_tie)

        ridge = self._departure.T @ self._departure / self.genre_spread**2
        scaled = self._departure / self.mixer_spread[:, None]
        block = (self._laplacian @ gap_gap).reshape(genres, n, n, rounds).transpose(3, 0, 1, 2) + ridge
        border = np.empty((rounds, genres, n, n + 3))
        border[..., :n] = -ridge
        border[..., n] = self._by_genre(self._side * gap_gap)
        border[..., n + 1] = self._by_genre(gap_tie)
        border[..., n + 2] = slope.genre.transpose(2, 0, 1)
        corner = np.zeros((rounds, n + 2, n + 3))
        corner[:, :n, :n] = genres * ridge + scaled.T @ scaled
        corner[:, n, n] = gap_gap.sum(axis=0) + 1.0 / self.side_spread**2
        corner[:, n, n + 1] = corner[:, n + 1, n] = (self._side * gap_tie).sum(axis=0)
        corner[:, n + 1, n + 1] = tie_tie.sum(axis=0) + 1.0 / self.spreads.log_tie**2
        corner[:, :n, n + 2] = slope.overall.T
        corner[:, n, n + 2], corner[:, n + 1, n + 2] = slope.side, slope.log_tie

        solved = np.linalg.solve(block, border)
        corner -= np.einsum("rgip,rgiq->rpq", border[..., : n + 2], solved, optimize=True)
        common = np.linalg.solve(corner[..., : n + 2], corner[..., n + 2 :])[..., 0]
        of_genre = np.asarray(solved[..., n + 2] - (solved[..., : n + 2] @ common[:, None, :, None])[..., 0])
        of_all = np.asarray(common.T)
        return Strengths(of_all[:n], of_genre.transpose(1, 2, 0), of_all[n], of_all[n + 1])

    def _by_genre(self, of_cells: Floats) -> Floats:
        summed = self._contrast @ of_cells
        return np.asarray(summed.reshape(self.n_genres, self.n_mixers, -1).transpose(2, 0, 1))


def _arrays(strengths: Strengths) -> tuple[Floats, Floats, Floats, Floats]:
    return strengths.overall, strengths.genre, strengths.side, strengths.log_tie


def _departures(parents: Parents) -> Floats:
    """(n, n): takes the parents' mean from the strengths of offspring."""
    # The sorter raises a CycleError, which is a ValueError.
    list(TopologicalSorter({child: pair or () for child, pair in enumerate(parents)}).static_order())
    departure = np.eye(len(parents))
    for child, pair in enumerate(parents):
        for parent in pair or ():
            if not 0 <= parent < len(parents):
                raise ValueError(f"mixer {child} has a parent {parent}, which is not on the board")
            departure[child, parent] -= 0.5
    return departure


def _scatter(n_rows: int, n_columns: int, entries: Sequence[tuple[NDArray[np.int64], float]]) -> sparse.csr_array:
    """A sparse matrix whose column k holds `sign` in row rows[k], for every entry (rows, sign)."""
    rows = np.concatenate([row for row, _ in entries])
    signs = np.concatenate([np.full(n_columns, sign) for _, sign in entries])
    return sparse.csr_array((signs, (rows, np.tile(np.arange(n_columns), len(entries)))), shape=(n_rows, n_columns))
