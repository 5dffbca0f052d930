"""What the pages of albums show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from tournaments.models import Album, AlbumTrack, Song
from tournaments.services.albums import is_gone

if TYPE_CHECKING:
    from accounts.models import User

MAX_OFFERED = 200


@dataclass(frozen=True)
class AlbumPage:
    """An album and how far it has come; `loudness_lufs` is that of all its songs once it is ready."""

    album: Album
    tracks: tuple[AlbumTrack, ...]
    n_written: int
    percent: int
    loudness_lufs: float | None
    is_being_made: bool
    is_gone: bool


def albums_of(user: User) -> QuerySet[Album]:
    """One's own albums, newest first, with `n_songs`."""
    return user.albums.select_related("mixer").annotate(n_songs=Count("tracks")).order_by("-created_at")


def songs_for_album(user: User) -> list[Song]:
    """One's own songs that can be mixed, newest first."""
    return list(Song.objects.filter(owner=user, state=Song.State.READY).order_by("-created_at")[:MAX_OFFERED])


def album_page(album: Album) -> AlbumPage:
    """Everything on the page of one album."""
    tracks = tuple(album.tracks.select_related("song"))
    written = [track.loudness_lufs for track in tracks if track.loudness_lufs is not None]
    is_ready = album.state == Album.State.READY
    return AlbumPage(
        album=album,
        tracks=tracks,
        n_written=len(written),
        percent=round(100 * len(written) / len(tracks)),
        loudness_lufs=sum(written) / len(written) if is_ready and written else None,
        is_being_made=album.state in (Album.State.QUEUED, Album.State.PLANNED),
        is_gone=is_gone(album),
    )
