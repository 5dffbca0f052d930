"""Albums: choosing songs and a mixer, watching them being mixed, and taking them home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mixarena.web.ranges import file_response
from tournaments.access import album_for_owner
from tournaments.errors import InvalidTournament
from tournaments.forms import AlbumForm
from tournaments.models import Album
from tournaments.selectors.albums import album_page, albums_of, songs_for_album
from tournaments.services.albums import is_gone, make_again, start_album
from tournaments.views.visitors import ListenerRequest, listener_required, login_response

if TYPE_CHECKING:
    from accounts.models import User

ALBUMS_PER_PAGE = 20


@listener_required
@require_safe
def album_list(request: ListenerRequest) -> HttpResponse:
    """One's own albums."""
    page = Paginator(albums_of(request.user), ALBUMS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tournaments/albums.html", {"page": page})


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_album(request: ListenerRequest) -> HttpResponse:
    """The form, and starting an album with it."""
    songs = songs_for_album(request.user)
    if request.method != "POST":
        return render(request, "tournaments/album_new.html", {"form": AlbumForm(songs=songs)})
    form = AlbumForm(request.POST, songs=songs)
    if form.is_valid():
        data = form.cleaned_data
        try:
            album = start_album(
                owner=request.user,
                mixer=data["mixer"],
                title=data["title"],
                format=data["format"],
                songs=data["songs"],
            )
        except InvalidTournament as error:
            form.add_error(None, error.message)
        else:
            return redirect("tournaments:album", album.public_id)
    return render(request, "tournaments/album_new.html", {"form": form}, status=422)


@listener_required
@require_safe
def album(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """How far an album has come; its part alone where htmx asks. A page that waits hears that it waits in vain."""
    try:
        page = album_page(album_for_owner(request.user, public_id))
    except Http404:
        if not request.htmx:
            raise
        return render(request, "tournaments/_album_gone.html")
    template = "tournaments/_album.html" if request.htmx else "tournaments/album.html"
    return render(request, template, {"page": page})


@listener_required
@require_POST
def again(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Ask once more for an album that failed or whose file is gone."""
    make_again(album_for_owner(request.user, public_id))
    return redirect("tournaments:album", public_id)


async def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The album as a zip."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    path, name = await sync_to_async(album_file)(user, public_id)
    return await file_response(request, path, "application/zip", etag=f"album-{public_id.hex}", download_name=name)


def album_file(user: User, public_id: UUID) -> tuple[Path, str]:
    """The zip of an own album, and a name for it. Raises Http404 while there is none."""
    album = album_for_owner(user, public_id)
    if album.state != Album.State.READY or is_gone(album):
        raise Http404
    return Path(album.file.path), f"{slugify(album.title) or 'album'}-{album.mixer.slug}.zip"
