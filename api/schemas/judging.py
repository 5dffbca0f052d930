"""The judging queue, and how reliable a listener is."""

from __future__ import annotations

from ninja import Field, Schema

from api.schemas.sharing import SharedRevealOut
from api.schemas.tournaments import StageOut


class QueueItemOut(StageOut):
    """Something to judge. Whose song it is, and whether it is a check, is told after the vote."""

    number: int


class FreeMixOut(Schema):
    """The way to the next free mix; once `is_day_full`, today's items bring none any more."""

    n_done: int
    needed: int
    is_day_full: bool


class QueueOut(Schema):
    """What is to be judged next, null while there is nothing. `free_mix` is null where tournaments cost nothing."""

    item: QueueItemOut | None
    n_judged: int
    free_mix: FreeMixOut | None


class CheckOut(Schema):
    """What a check was, and how your answer was taken: passed, failed, or unclear, which is fine.

    `kind` is identical (twice the same sound), anchor (one side without treble) or repeat (a battle judged before).
    """

    kind: str
    right: str = Field(description="The side that a sure answer should be for; empty for the same sound twice.")
    choice: str
    confidence: int
    outcome: str


class JudgedOut(Schema):
    """What an item was: a battle, or a check, which moves no rating."""

    number: int
    battle: SharedRevealOut | None
    check: CheckOut | None


class CheckLineOut(Schema):
    """Telling answers to one kind of check."""

    label: str
    n_passed: int
    n_failed: int


class ReliabilityOut(Schema):
    """The share of right answers, 0 to 1: its posterior mean and lower 5 % bound."""

    mean: float
    low: float


class ListeningOut(Schema):
    """What the checks say of you. `score` is null before there are enough telling answers; `n_missing` are wanting.

    While `is_left_out`, your votes do not count for the ratings; `advice` then begins with why, and what to do.
    """

    checks: list[CheckLineOut]
    score: ReliabilityOut | None
    n_missing: int
    is_left_out: bool
    advice: list[str]
