"""What the API takes and gives. Units end the names, as everywhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, FiniteFloat

from mixing.genres import GENRES
from tournaments.models import Export, Tournament


def _genre(value: str) -> str:
    if value not in GENRES:
        raise ValueError(f"not a genre: choose one of {', '.join(GENRES)}")
    return value


def _format(value: str) -> str:
    if value not in Export.Format.values:
        raise ValueError(f"not a format: choose one of {', '.join(Export.Format.values)}")
    return value


Genre: TypeAlias = Annotated[str, Field(json_schema_extra={"enum": list(GENRES)}), AfterValidator(_genre)]
Format: TypeAlias = Annotated[
    str, Field(json_schema_extra={"enum": list(Export.Format.values)}), AfterValidator(_format)
]
Second: TypeAlias = Annotated[FiniteFloat, Field(ge=0, le=86_400)]


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


class TierOut(Schema):
    """How far a listener has come."""

    slug: str
    name: str
    n_votes: int
    next_tier: str | None
    n_missing: int


class MeOut(Schema):
    """The listener whose token it is. `free_mixes` is null where tournaments cost nothing."""

    username: str
    joined_at: datetime
    tier: TierOut
    free_mixes: int | None
    n_unseen_notices: int
    scopes: list[str]


class AchievementOut(Schema):
    """An achievement, earned or on its way."""

    slug: str
    title: str
    text: str
    earned_at: datetime | None
    n_done: int
    needed: int


class NoticeOut(Schema):
    """A piece of news."""

    kind: str
    title: str
    text: str
    url: str
    created_at: datetime
    is_seen: bool


class ListenerOut(Schema):
    """A place on the board of listeners."""

    place: int
    username: str
    tier: str
    n_votes: int


class SharedOut(Schema):
    """A result that its owner shows."""

    song_title: str
    mixer: str
    url: str


class PersonOut(Schema):
    """A public profile."""

    username: str
    tier: TierOut
    achievements: list[AchievementOut]
    shared: list[SharedOut]
    follows: list[str]


class SongOut(Schema):
    """A song. `state` is uploaded, ready, refused or failed; `refusal` says what is wrong and what to do."""

    id: UUID
    title: str
    state: str
    refusal: str
    is_demo: bool
    genre: str
    genre_guess: str
    genre_confidence: float | None
    container: str
    sample_rate: int
    channels: int
    n_stems: int
    duration_s: float
    created_at: datetime


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


class BallotOut(Schema):
    """The right to judge the present battle. Its token names the sounds, and nothing else does."""

    token: str
    round: int
    is_final: bool
    song_title: str
    starts_with: str
    a_url: str
    b_url: str
    required_s: float = Field(description="Different seconds of each side that must be heard before the vote.")
    heard_a_s: float
    heard_b_s: float


class HeardIn(Schema):
    """Stretches [start, end] of each side that were heard, in seconds from the start of the sound."""

    a: list[Annotated[list[Second], Field(min_length=2, max_length=2)]] = Field([], max_length=500)
    b: list[Annotated[list[Second], Field(min_length=2, max_length=2)]] = Field([], max_length=500)


class HeardOut(Schema):
    """What counts as heard so far."""

    required_s: float
    heard_a_s: float
    heard_b_s: float


class VoteIn(Schema):
    """A judgement; a tie is at most 5 % sure, and `neither` says that both are unacceptable."""

    choice: Literal["a", "b", "tie", "neither"]
    confidence: int = Field(ge=0, le=100, description="0 to 100 %")


class MoveOut(Schema):
    """What the vote did to a mixer's overall rating."""

    before: int
    after: int


class SideOut(Schema):
    """A side with its secret out."""

    side: str
    mix: UUID
    mixer: str
    nickname: str
    is_winner: bool
    rating: MoveOut | None
    deeds: list[str]


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


class ExportOut(Schema):
    """A file. `state` is queued, ready or failed; loudness and peak are measured on the file as delivered."""

    id: int
    mix: UUID
    format: str
    state: str
    reason: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    url: str | None


class ResultOut(Schema):
    """The end of a tournament."""

    tournament: UUID
    champion: str
    taken: UUID
    mixes: list[HeardMixOut]
    formats: list[str]
    exports: list[ExportOut]


class ExportIn(Schema):
    """A file to be made. Without `mix` it is the one that is taken home."""

    format: Format
    mix: UUID | None = None


class ShareOut(Schema):
    """The public address of a result."""

    url: str
