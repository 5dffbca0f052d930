"""Tournaments, ballots and votes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema

from api.schemas.fields import Genre, Second, Switches
from api.schemas.mixes import ExportOut
from tournaments.models import Tournament


class StartIn(Schema):
    """A tournament to start; the genre is yours to confirm."""

    song: UUID
    genre: Genre
    n_rounds: int = Field(Tournament.DEFAULT_ROUNDS, ge=Tournament.MIN_ROUNDS, le=Tournament.MAX_ROUNDS)


class TournamentOut(Schema):
    """A tournament. Until its battle is decided, nothing says which mixers fight in it.

    `place` is battle, reveal, result or failed, `round` the number of the battle or of the round to be revealed;
    `battle` is preparing, open, or null where none is waiting.
    """

    id: UUID
    song: UUID
    song_title: str
    genre: str
    state: str
    reason: str
    n_rounds: int
    n_decided: int
    place: str
    round: int
    battle: str | None
    share_url: str | None
    created_at: datetime
    finished_at: datetime | None


class TournamentLineOut(Schema):
    """A tournament in a list."""

    id: UUID
    song_title: str
    genre: str
    state: str
    n_rounds: int
    n_decided: int
    champion: str | None
    created_at: datetime


class StageOut(Schema):
    """What is needed to judge two sounds. The token names them, and nothing else does."""

    token: str
    starts_with: str
    a_url: str
    b_url: str
    required_s: float = Field(description="Different seconds of each side that must be heard before the vote.")
    heard_a_s: float
    heard_b_s: float
    issued_at: datetime


class BallotOut(StageOut):
    """The right to judge a battle."""

    round: int
    is_final: bool
    song_title: str


class StretchesIn(Schema):
    """Stretches [start, end] of each side that were heard, in seconds from the start of the sound."""

    a: list[Annotated[list[Second], Field(min_length=2, max_length=2)]] = Field([], max_length=500)
    b: list[Annotated[list[Second], Field(min_length=2, max_length=2)]] = Field([], max_length=500)


class HeardIn(StretchesIn):
    """The log of a ballot: stretches [start, end] of each side, in seconds from the start of the sound, and changes."""

    switches: Switches = []


class HeardOut(Schema):
    """What counts as heard so far."""

    required_s: float
    heard_a_s: float
    heard_b_s: float


class VoteIn(Schema):
    """A judgement; a tie is at most 5 % sure, and `neither` says that both are unacceptable."""

    choice: Literal["a", "b", "tie", "neither"]
    confidence: int = Field(ge=0, le=100, description="0 to 100 %")
    switches: Switches = []


class MoveOut(Schema):
    """What the vote did to a mixer's overall rating."""

    before: int
    after: int


class FighterOut(Schema):
    """A side with its secret out."""

    side: str
    mixer: str
    nickname: str
    is_winner: bool
    rating: MoveOut | None
    deeds: list[str]


class SideOut(FighterOut):
    """A side of one's own battle; after the tournament, its mix can be taken home."""

    mix: UUID


class BreedingOut(Schema):
    """What became of a vote: the loser learned from the winner, or the gate refused the offspring."""

    round: int
    state: str
    loser: str
    winner: str
    offspring: str | None
    offspring_nickname: str | None
    reason: str
    shares: dict[str, int | None] = Field(description="Percent of the way to the winner, by group of settings.")


class RevealOut(Schema):
    """A decided round."""

    round: int
    verdict: str
    choice: str
    confidence: int
    sides: list[SideOut]
    breeding: BreedingOut | None


class HeardMixOut(Schema):
    """A mix that can be taken home."""

    mix: UUID
    mixer: str
    nickname: str
    n_won: int
    n_fought: int
    is_champion: bool
    is_taken: bool


class ResultOut(Schema):
    """The end of a tournament."""

    tournament: UUID
    champion: str
    taken: UUID
    mixes: list[HeardMixOut]
    formats: list[str]
    exports: list[ExportOut]


class TakeIn(Schema):
    """The mix to take home: one that you judged in this tournament, or a version of one."""

    mix: UUID
