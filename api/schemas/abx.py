"""ABX tests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from api.schemas.fields import Second
from api.schemas.tournaments import StretchesIn


class AbxStartIn(Schema):
    """How long a test is; it stays."""

    n_trials: Literal[8, 12, 16] = 12


class AbxAnswerIn(StretchesIn):
    """Which side X is, and the stretches of all three that were heard in this trial."""

    answer: Literal["a", "b"]
    x: list[Annotated[list[Second], Field(min_length=2, max_length=2)]] = Field([], max_length=500)


class AbxTrialOut(Schema):
    """The trial that waits for an answer. Nothing tells what X is, nor whether earlier answers were right."""

    trial: str
    number: int
    n_trials: int
    a_url: str
    b_url: str
    x_url: str
    needed_s: float = Field(description="Different seconds of X that must be heard before the answer.")


class AbxSaidOut(Schema):
    """A trial of a finished test."""

    number: int
    x: str
    answer: str


class AbxResultOut(Schema):
    """A test that is over. Of one that was given up only how far it went is told; the rest is null."""

    id: int
    n_trials: int
    n_answered: int
    ended_at: datetime
    n_right: int | None
    p: float | None = Field(description="How likely somebody who guesses is to have at least so many right.")
    is_passed: bool | None
    csv_url: str | None


class AbxOut(Schema):
    """The ABX tests on the two mixes of a judged battle, newest first, under the letters that you voted by."""

    trial: AbxTrialOut | None
    results: list[AbxResultOut]
    newest_trials: list[AbxSaidOut] = Field(description="Of the newest test that was finished.")
