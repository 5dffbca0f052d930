"""The official board: how long 100,000 votes take, and how often its intervals hold the truth of simulated arenas.

Run as `python -m tests.bench.bench_board`.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tournaments.ratings.board import Board, official_board
from tournaments.ratings.bradley_terry import FIRST_WON, POINTS_PER_UNIT, SECOND_WON, TIE, Votes

N_VOTES, N_BATTLES, N_VOTERS, N_MIXERS, N_GENRES = 100_000, 20_000, 2_000, 24, 9
N_FOUNDERS = 5
N_RUNS = 3
N_ARENAS = 1_000

# In Elo points. A battle's leaning is what its song does to the contest, a taste what one voter thinks of one mixer;
# they are so strong that intervals which take votes as independent cover 70 %. What is to be found are the strengths
# without them, though both flatten the odds over all battles and voters: what is found is a little too near the mean.
STRENGTH_SPREAD, GENRE_SPREAD, BATTLE_SPREAD, TASTE_SPREAD, SIDE = 100.0, 35.0, 140.0, 105.0, 17.0
NU = 0.5


class SmallArena(NamedTuple):
    """What it really is, and how it voted."""

    votes: Votes
    strengths: NDArray[np.float64]  # (n_mixers,), Elo points about their mean, by the genres' shares in the votes
    genre_strengths: NDArray[np.float64]  # (n_genres, n_mixers), each genre about its mean


def main() -> None:
    """Print the seconds of a large board, then coverage and widths over small arenas."""
    votes, parents = large_arena(np.random.default_rng(0))
    times = []
    for seed in range(N_RUNS):
        began = time.perf_counter()
        official_board(votes, parents=parents, n_genres=N_GENRES, generator=np.random.default_rng(seed))
        times.append(time.perf_counter() - began)
    print(f"{N_VOTES} votes, {N_MIXERS} mixers, {N_GENRES} genres, 1000 rounds: {np.median(times):.2f} s")

    print(f"{N_ARENAS} arenas of 6 mixers, 40 battles and 20 votes a battle; 95 % intervals, 1000 rounds")
    print(f"{'votes taken by':<20}{'overall':>8}{'genres':>8}{'width':>7}{'rms error':>11}   (Elo points)")
    for label, as_independent in (("battles and voters", False), ("nothing in common", True)):
        print(f"{label:<20}" + coverage_line(N_ARENAS, as_independent=as_independent), flush=True)


def coverage_line(n_arenas: int, *, as_independent: bool) -> str:
    """One row of the table."""
    checks = [check_arena(seed, as_independent=as_independent) for seed in range(n_arenas)]
    overall, in_genres, width, error = (np.stack(column) for column in zip(*checks, strict=True))
    rms = np.sqrt(np.mean(error**2))
    return f"{overall.mean():>8.3f}{in_genres.mean():>8.3f}{width.mean():>7.0f}{rms:>11.0f}"


def check_arena(
    seed: int, *, rounds: int = 1000, as_independent: bool = False
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Which overall and genre ratings' intervals hold the truth; the overall ratings' widths and errors."""
    generator = np.random.default_rng(seed)
    arena = small_arena(generator)
    votes = arena.votes
    if as_independent:
        # A lone voter's weight is always 1, so that every vote has a weight of its own.
        one = np.zeros(len(votes), np.int64)
        votes = Votes(
            votes.first, votes.second, votes.outcome, votes.genre, votes.is_first_a, np.arange(len(votes)), one
        )
    n_genres, n_mixers = arena.genre_strengths.shape
    board = official_board(
        votes, parents=[None] * n_mixers, n_genres=n_genres, generator=generator, anchor_rating=0.0, rounds=rounds
    )
    ratings, genre_ratings = as_arrays(board)
    value, low, high = ratings.T
    is_held = (low <= arena.strengths) & (arena.strengths <= high)
    _, genre_low, genre_high = genre_ratings.transpose(2, 1, 0)
    is_held_in_genres = (genre_low <= arena.genre_strengths) & (arena.genre_strengths <= genre_high)
    return is_held, is_held_in_genres, high - low, value - arena.strengths


def as_arrays(board: Board) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(mixers, 3) and (mixers, genres, 3): value, low and high, by the mixers' numbers."""
    rows = sorted(board.rows, key=lambda row: row.mixer)
    return np.array([row.rating for row in rows]), np.array([row.genre_ratings for row in rows])


def small_arena(
    generator: np.random.Generator,
    *,
    n_mixers: int = 6,
    n_genres: int = 3,
    n_battles: int = 40,
    n_voters: int = 25,
    votes_a_battle: int = 20,
) -> SmallArena:
    """Votes of few voters on few battles, in which all votes of a battle lean one way."""
    overall = generator.normal(0.0, STRENGTH_SPREAD, n_mixers)
    strengths = overall + generator.normal(0.0, GENRE_SPREAD, (n_genres, n_mixers))
    tastes = generator.normal(0.0, TASTE_SPREAD, (n_voters, n_mixers))
    leanings = generator.normal(0.0, BATTLE_SPREAD, n_battles)
    first = generator.integers(0, n_mixers, n_battles)
    second = (first + generator.integers(1, n_mixers, n_battles)) % n_mixers
    genre = generator.integers(0, n_genres, n_battles)

    battle = np.repeat(np.arange(n_battles), votes_a_battle)
    voter = np.concatenate([generator.permutation(n_voters)[:votes_a_battle] for _ in range(n_battles)])
    is_first_a = generator.random(len(battle)) < 0.5
    i, j = first[battle], second[battle]
    felt = strengths[genre[battle]] + tastes[voter]
    votes_by = np.arange(len(battle))
    gap = felt[votes_by, i] - felt[votes_by, j] + leanings[battle] + np.where(is_first_a, SIDE, -SIDE)
    votes = Votes(i, j, draw_outcomes(generator, gap), genre[battle], is_first_a, battle, voter)
    true = np.bincount(votes.genre, minlength=n_genres) / len(votes) @ strengths
    return SmallArena(votes, true - true.mean(), strengths - strengths.mean(axis=1, keepdims=True))


def large_arena(generator: np.random.Generator) -> tuple[Votes, list[tuple[int, int] | None]]:
    """100,000 votes, on five founders and their offspring."""
    strengths = generator.normal(0.0, STRENGTH_SPREAD, (N_GENRES, N_MIXERS))
    first = generator.integers(0, N_MIXERS, N_BATTLES)
    second = (first + generator.integers(1, N_MIXERS, N_BATTLES)) % N_MIXERS
    genre = generator.integers(0, N_GENRES, N_BATTLES)
    battle = generator.integers(0, N_BATTLES, N_VOTES)
    voter = generator.integers(0, N_VOTERS, N_VOTES)
    is_first_a = generator.random(N_VOTES) < 0.5
    i, j, g = first[battle], second[battle], genre[battle]
    outcome = draw_outcomes(generator, strengths[g, i] - strengths[g, j] + np.where(is_first_a, SIDE, -SIDE))
    parents: list[tuple[int, int] | None] = [None] * N_FOUNDERS
    parents += [(child - 5, child - 2) for child in range(N_FOUNDERS, N_MIXERS)]
    return Votes(i, j, outcome, g, is_first_a, battle, voter), parents


def draw_outcomes(generator: np.random.Generator, gap: NDArray[np.float64]) -> NDArray[np.int8]:
    """Wins, losses and ties by Davidson's model, from gaps in Elo points."""
    win, loss = np.exp(0.5 * gap / POINTS_PER_UNIT), np.exp(-0.5 * gap / POINTS_PER_UNIT)
    drawn = generator.random(len(gap)) * (win + loss + NU)
    return np.where(drawn < win, FIRST_WON, np.where(drawn < win + loss, SECOND_WON, TIE)).astype(np.int8)


if __name__ == "__main__":
    main()
