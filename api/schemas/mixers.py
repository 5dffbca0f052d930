"""Mixers, their boards, and mixers that people offer."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class RatingOut(Schema):
    """A live rating; a seed nobody has voted on yet is a prior."""

    rating: int
    deviation: int
    n_votes: int
    is_provisional: bool


class MixerOut(Schema):
    """A mixer in a list."""

    slug: str
    name: str
    nickname: str
    architecture: str
    state: str
    generation: int
    is_champion: bool
    genres: list[str]
    specialities: list[str]


class BoardLineOut(Schema):
    """A place on the live board."""

    place: int
    mixer: MixerOut
    rating: RatingOut


class OfficialLineOut(Schema):
    """A place on the official board, by the lower end of the 95 % interval."""

    place: int
    mixer: MixerOut
    rating: int
    low: int
    high: int
    n_votes: int
    is_provisional: bool


class OfficialBoardOut(Schema):
    """The newest computation; `made_at` is null before the first vote."""

    made_at: datetime | None
    n_votes: int
    lines: list[OfficialLineOut]


class GenreRatingOut(Schema):
    """A live rating in one genre."""

    genre: str
    rating: RatingOut


class RelativeOut(Schema):
    """A member of a mixer's family in the direct line."""

    slug: str
    nickname: str
    relation: str
    generation: int
    parents: list[str]


class MixerDetailOut(Schema):
    """A mixer with everything public."""

    mixer: MixerOut
    description: str
    content_hash: str
    n_battles: int
    rating: RatingOut | None
    genre_ratings: list[GenreRatingOut]
    capabilities: dict[str, float]
    lineage: list[RelativeOut]


class CheckOut(Schema):
    """One check of a mixer: what it asks for, and by how much it was met or missed."""

    label: str
    detail: str
    is_passed: bool


class SubmissionOut(Schema):
    """A mixer that was offered. `state` is checking, waiting (for a curator), approved, rejected or failed."""

    id: int
    nickname: str
    state: str
    reason: str
    mixer: str | None
    checks: list[CheckOut]
    created_at: datetime
    decided_at: datetime | None
