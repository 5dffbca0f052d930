"""Ratings as people read them: 1312 with its +-."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evolution.models import Mixer
from tournaments.models import Rating, RatingChange, Vote

# Below this many votes a rating says more about its prior than about its music.
PROVISIONAL_BELOW_VOTES = 100


@dataclass(frozen=True)
class Score:
    """A rating to show."""

    rating: int
    deviation: int
    n_votes: int

    @property
    def is_provisional(self) -> bool:
        return self.n_votes < PROVISIONAL_BELOW_VOTES

    @property
    def is_seed(self) -> bool:
        """Whether nobody has voted yet, so that the number is a prior."""
        return self.n_votes == 0


@dataclass(frozen=True)
class Move:
    """What one vote did to one mixer's overall rating."""

    before: int
    after: int
    change: int
    deviation: int


def scores(mixers: Iterable[Mixer], genre: str = "") -> dict[int, Score]:
    """Live ratings by mixer pk, overall or in a genre."""
    rows = Rating.objects.filter(mixer__in=list(mixers), genre=genre)
    return {row.mixer_id: score(row) for row in rows}


def score(row: Rating) -> Score:
    """Round a stored rating for reading."""
    return Score(round(row.rating), round(math.sqrt(row.variance)), row.n_votes)


def moves(vote: Vote) -> dict[int, Move]:
    """Changes of the overall ratings by mixer pk; empty for a vote that moved none."""
    rows = RatingChange.objects.filter(event__vote=vote, genre="")
    return {
        row.mixer_id: Move(
            before=round(row.before),
            after=round(row.after),
            change=round(row.after) - round(row.before),
            deviation=round(math.sqrt(row.variance)),
        )
        for row in rows
    }
