"""Albums: several songs through one mixer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.urls import reverse
from ninja import Query, Router

from api.errors import InvalidForm
from api.paging import Page, Paging, page_of
from api.schemas.songs import AlbumIn, AlbumLineOut, AlbumOut
from api.sound import sound
from api.tokens import ApiRequest, scoped
from tournaments.access import album_for_owner, song_for_owner
from tournaments.forms import AlbumForm
from tournaments.models import Album
from tournaments.selectors.albums import album_page, albums_of
from tournaments.services.albums import make_again, start_album
from tournaments.views.albums import album_file

router = Router()


@router.get("/albums", response=Page[AlbumLineOut], **scoped("read"))
def list_albums(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Your albums, newest first."""
    return page_of(albums_of(request.user), paging, _line)


@router.post("/albums", response={202: AlbumOut}, **scoped("play"))
def make_album(request: ApiRequest, album: AlbumIn) -> dict[str, Any]:
    """Have songs mixed as an album. No tournament may be running on one of them, since its mixers fight blind."""
    songs = [song_for_owner(request.user, song) for song in album.songs]
    if len(set(album.songs)) < len(songs):
        raise InvalidForm("A song stands on the album twice. Name each once.", code="song_twice")
    tracks = {f"track_{song.public_id.hex}": number for number, song in enumerate(songs, start=1)}
    form = AlbumForm(tracks | album.dict(include={"title", "mixer", "format"}), songs=songs)
    if not form.is_valid():
        raise InvalidForm.of(form)
    data = {name: form.cleaned_data[name] for name in ("mixer", "title", "format", "songs")}
    return _album(start_album(owner=request.user, **data))


@router.get("/albums/{uuid:album}", response=AlbumOut, **scoped("read"))
def get_album(request: ApiRequest, album: UUID) -> dict[str, Any]:
    """How far an album has come. Ask until its state is `ready` or `failed`."""
    return _album(album_for_owner(request.user, album))


@router.post("/albums/{uuid:album}/again", response={202: AlbumOut}, **scoped("play"))
def make_album_again(request: ApiRequest, album: UUID) -> dict[str, Any]:
    """Ask once more for an album that failed, or whose file is gone; any other stays as it is."""
    row = album_for_owner(request.user, album)
    make_again(row)
    row.refresh_from_db()
    return _album(row)


@router.get("/albums/{uuid:album}/file", **scoped("read", sends="application/zip"))
def album_zip(request: ApiRequest, album: UUID) -> HttpResponseBase:
    """The album as a zip; byte ranges are understood."""
    path, name = album_file(request.user, album)
    return sound(request, str(path), "application/zip", etag=f"album-{album.hex}", download_name=name)


def _line(row: Album) -> AlbumLineOut:
    return AlbumLineOut(
        id=row.public_id,
        title=row.title,
        mixer=row.mixer.slug,
        format=row.format,
        state=row.state,
        n_songs=row.n_songs,  # type: ignore[attr-defined]
        created_at=row.created_at,
    )


def _album(row: Album) -> dict[str, Any]:
    page = album_page(row)
    is_there = row.state == Album.State.READY and not page.is_gone
    return {
        "id": row.public_id,
        "title": row.title,
        "mixer": row.mixer.slug,
        "format": row.format,
        "state": row.state,
        "reason": row.reason,
        "is_gone": page.is_gone,
        "loudness_lufs": page.loudness_lufs,
        "tracks": [
            {
                "number": track.position,
                "song": track.song.public_id,
                "title": track.song.title,
                "loudness_lufs": track.loudness_lufs,
                "true_peak_dbtp": track.true_peak_dbtp,
            }
            for track in page.tracks
        ],
        "url": reverse("api:album_zip", args=[row.public_id]) if is_there else None,
        "created_at": row.created_at,
    }
