"""Songs, their stems, and albums."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Schema

from api.schemas.fields import AlbumFormat, Role
from tournaments.models import Album


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


class StemOut(Schema):
    """A stem. `role` is what it plays, empty while it is not known; `confidence` is 1 where its owner said so."""

    number: int
    name: str
    role: str
    confidence: float
    channels: int
    sample_rate: int
    duration_s: float
    notices: list[str]


class StemsOut(Schema):
    """The stems of a song; none of a single file. Roles are fixed once a tournament on the song has begun."""

    may_change: bool
    stems: list[StemOut]


class RolesIn(Schema):
    """What stems play, by their numbers; those left out stay."""

    roles: dict[int, Role] = Field(max_length=100)


class AlbumIn(Schema):
    """Songs of yours in the order of their tracks, all through one living mixer."""

    title: str = Field(min_length=1, max_length=120)
    mixer: str = Field(max_length=80, description="The slug of a living mixer.")
    format: AlbumFormat
    songs: Annotated[list[UUID], Field(min_length=Album.MIN_SONGS, max_length=Album.MAX_SONGS)]


class TrackOut(Schema):
    """A song of an album; measured on its file once that is written."""

    number: int
    song: UUID
    title: str
    loudness_lufs: float | None
    true_peak_dbtp: float | None


class AlbumLineOut(Schema):
    """An album in a list."""

    id: UUID
    title: str
    mixer: str
    format: str
    state: str
    n_songs: int
    created_at: datetime


class AlbumOut(Schema):
    """An album. `state` is queued, planned, ready or failed; `reason` says why it failed.

    `is_gone` says that its file was deleted after a while: ask for it again. `url` is where its zip is.
    """

    id: UUID
    title: str
    mixer: str
    format: str
    state: str
    reason: str
    is_gone: bool
    loudness_lufs: float | None
    tracks: list[TrackOut]
    url: str | None
    created_at: datetime
