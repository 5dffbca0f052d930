"""Ratings as a function of the ledger. The live path and a full replay go through the same `apply`."""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping, Sequence
from typing import NamedTuple, TypeAlias

from tournaments.ratings.confidence import N_REMEMBERED, vote_weight
from tournaments.ratings.elo import Standing, score_of, update

OVERALL = ""

Board: TypeAlias = MutableMapping[tuple[int, str], Standing]


class Entry(NamedTuple):
    """A mixer enters the board, seeded or born."""

    mixer: int
    rating: float
    variance: float


class Judgement(NamedTuple):
    """A vote. `voter` is whoever shares a habit of being sure; `choice` is first, second, tie or neither."""

    first: int
    second: int
    choice: str
    confidence: int
    genre: str
    voter: Hashable


class Change(NamedTuple):
    """What an event did to one rating, overall or in a genre."""

    mixer: int
    genre: str
    before: float
    after: Standing


Event: TypeAlias = Entry | Judgement


def apply(board: Board, event: Event, *, earlier: Sequence[int] = ()) -> list[Change]:
    """Let one event change the board, and say what changed.

    Args:
        board: standings by (mixer, genre); holds at least the overall standings of those concerned, and is changed.
        earlier: confidences of the voter's votes before this one that moved ratings, newest last.
    Raises: ValueError for a mixer that enters twice, KeyError for one that never entered.
    """
    if isinstance(event, Entry):
        return [_enter(board, event)]
    score = score_of(event.choice)
    if score is None:
        return []
    weight = vote_weight(event.confidence, earlier)
    changes = []
    # The genre first: its first vote starts from the overall standings as they were before this vote.
    for genre in (event.genre, OVERALL):
        before_first, before_second = (_standing(board, mixer, genre) for mixer in (event.first, event.second))
        first, second = update(before_first, before_second, score=score, weight=weight)
        board[event.first, genre], board[event.second, genre] = first, second
        changes.append(Change(event.first, genre, before_first.rating, first))
        changes.append(Change(event.second, genre, before_second.rating, second))
    return changes


class Replay:
    """A ledger run from its first event on: the board, and each voter's habits so far."""

    def __init__(self) -> None:
        self.board: dict[tuple[int, str], Standing] = {}
        self._habits: dict[Hashable, list[int]] = {}

    def step(self, event: Event) -> list[Change]:
        """Apply the next event."""
        if isinstance(event, Entry):
            return apply(self.board, event)
        habit = self._habits.setdefault(event.voter, [])
        changes = apply(self.board, event, earlier=habit)
        if changes:
            habit.append(event.confidence)
            del habit[:-N_REMEMBERED]
        return changes


def _enter(board: Board, entry: Entry) -> Change:
    key = (entry.mixer, OVERALL)
    if key in board:
        raise ValueError(f"mixer {entry.mixer} enters the board a second time")
    board[key] = Standing(entry.rating, entry.variance)
    return Change(entry.mixer, OVERALL, entry.rating, board[key])


def _standing(board: Board, mixer: int, genre: str) -> Standing:
    known = board.get((mixer, genre))
    if known is not None:
        return known
    overall = board[mixer, OVERALL]
    return Standing(overall.rating, overall.variance)
