"""A listener's songs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile as DjangoUpload
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from ninja import File, Form, Query, Router, UploadedFile

from api.errors import InvalidForm
from api.paging import Page, Paging, page_of
from api.schemas.songs import RolesIn, SongOut, StemsOut
from api.throttling import take
from api.tokens import ApiRequest, scoped
from tournaments.access import song_for_listener, song_for_owner
from tournaments.forms import UploadForm
from tournaments.models import Song
from tournaments.selectors.songs import demo_song, song_page, songs_of
from tournaments.services.departures import delete_song
from tournaments.services.stems import set_roles
from tournaments.services.uploads import add_upload

router = Router()


@router.get("/songs", response=Page[SongOut], **scoped("read"))
def list_songs(request: ApiRequest, paging: Query[Paging]) -> dict[str, Any]:
    """Your songs, newest first."""
    return page_of(songs_of(request.user), paging, song_out)


@router.get("/songs/demo", response=SongOut, **scoped("read"))
def get_demo_song(request: ApiRequest) -> SongOut:
    """The song that everybody may battle on."""
    song = demo_song()
    return song_out(song if song is not None else song_for_listener(request.user, UUID(int=0)))


@router.post("/songs", response={201: SongOut}, **scoped("songs"))
def upload_song(
    request: ApiRequest,
    file: list[UploadedFile] = File(..., description="One song, its stems, or a zip of them."),
    title: str = Form("", max_length=120, description="Of a song of several stems."),
) -> SongOut:
    """Upload a song. It is checked afterwards: ask for it until its state is no longer `uploaded`."""
    take(name=f"uploads-{request.user.pk}", limit=settings.API_UPLOADS_PER_HOUR, window_s=3600)
    uploads: MultiValueDict[str, DjangoUpload] = MultiValueDict({"file": list(file)})
    form = UploadForm({"title": title}, uploads)
    if not form.is_valid():
        raise InvalidForm.of(form)
    files = [(upload, upload.name) for upload in form.cleaned_data["file"]]
    return song_out(add_upload(owner=request.user, files=files, title=form.cleaned_data["title"]))


@router.get("/songs/{uuid:song}", response=SongOut, **scoped("read"))
def get_song(request: ApiRequest, song: UUID) -> SongOut:
    """One song of yours, or the demo song."""
    return song_out(song_for_listener(request.user, song))


@router.delete("/songs/{uuid:song}", response={204: None}, **scoped("songs"))
def remove_song(request: ApiRequest, song: UUID) -> None:
    """Delete a song with everything that was made from it, for good."""
    delete_song(song=song_for_owner(request.user, song), now=timezone.now())


@router.get("/songs/{uuid:song}/stems", response=StemsOut, **scoped("read"))
def get_stems(request: ApiRequest, song: UUID) -> dict[str, Any]:
    """The stems of a song, and what they play as far as it is known."""
    return _stems(song_for_listener(request.user, song))


@router.patch("/songs/{uuid:song}/stems", response=StemsOut, **scoped("songs"))
def change_roles(request: ApiRequest, song: UUID, wanted: RolesIn) -> dict[str, Any]:
    """Correct what stems play, before the first tournament on the song; champions then mix it anew."""
    row = song_for_owner(request.user, song)
    if unknown := wanted.roles.keys() - set(row.stems.values_list("position", flat=True)):
        raise InvalidForm(f"The song has no stem {min(unknown)}. Ask for its stems first.", code="no_such_stem")
    set_roles(song=row, roles=wanted.roles)
    return _stems(row)


def song_out(song: Song) -> SongOut:
    """A song as it is shown."""
    return SongOut(
        id=song.public_id,
        title=song.title,
        state=song.state,
        refusal=song.refusal,
        is_demo=song.is_demo,
        genre=song.genre,
        genre_guess=song.genre_guess,
        genre_confidence=song.genre_confidence,
        container=song.container,
        sample_rate=song.sample_rate,
        channels=song.channels,
        n_stems=song.n_stems,
        duration_s=song.duration_s,
        created_at=song.created_at,
    )


def _stems(song: Song) -> dict[str, Any]:
    page = song_page(song)
    return {
        "may_change": page.may_change_roles,
        "stems": [
            {
                "number": line.stem.position,
                "name": line.stem.name,
                "role": line.stem.role,
                "confidence": line.stem.role_confidence,
                "channels": line.stem.channels,
                "sample_rate": line.stem.sample_rate,
                "duration_s": line.stem.duration_s,
                "notices": line.notices,
            }
            for line in page.stems
        ],
    }
