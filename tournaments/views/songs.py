"""Uploading a song, watching its checks, and starting a tournament on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import OutOfCredits
from accounts.services.judging import PER_MIX
from mixing.errors import AudioError
from tournaments.access import song_for_listener, song_for_owner
from tournaments.forms import StartForm, UploadForm
from tournaments.models import Song, Tournament
from tournaments.selectors.songs import demo_song, song_page, songs_of, start_offer
from tournaments.services.stems import set_roles
from tournaments.services.tournaments import start_tournament
from tournaments.services.uploads import add_upload
from tournaments.views.visitors import ListenerRequest, listener_required

SONGS_PER_PAGE = 20


@listener_required
@require_safe
def song_list(request: ListenerRequest) -> HttpResponse:
    """One's own songs."""
    page = Paginator(songs_of(request.user), SONGS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tournaments/songs.html", {"page": page, "demo_song": demo_song()})


@listener_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: ListenerRequest) -> HttpResponse:
    """The upload form. Scripts that prefer JSON get the new song's address, or the error, as JSON."""
    is_script = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    if request.method != "POST":
        return _upload_page(request, UploadForm(), status=200)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        files = [(file, file.name) for file in form.cleaned_data["file"]]
        try:
            song = add_upload(owner=request.user, files=files, title=form.cleaned_data["title"])
        except AudioError as error:
            if is_script:
                raise
            form.add_error("file", error.message)
        else:
            address = reverse("tournaments:song", args=[song.public_id])
            if is_script:
                return JsonResponse({"url": address}, status=201)
            return redirect(address)
    if is_script:
        message = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"error": {"code": "form", "message": message}}, status=422)
    return _upload_page(request, form, status=422)


@listener_required
@require_safe
def song(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """A song's page."""
    return _song_page(request, song_for_listener(request.user, public_id), form=None, status=200)


@listener_required
@require_safe
def song_checks(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """The part of the page that follows the checks: waveform, and the form to start once it is ready."""
    song = song_for_listener(request.user, public_id)
    return render(request, "tournaments/_song_checks.html", _context(request, song, form=None))


@listener_required
@require_safe
def song_analysis(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """The measurements, which come when they come."""
    song = song_for_listener(request.user, public_id)
    return render(request, "tournaments/_song_analysis.html", {"page": song_page(song)})


@listener_required
@require_safe
def stems(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """What is known of the stems so far."""
    song = song_for_listener(request.user, public_id)
    return render(request, "tournaments/_stems.html", {"page": song_page(song)})


@listener_required
@require_POST
def roles(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Correct what the stems play."""
    song = song_for_owner(request.user, public_id)
    chosen = {}
    for stem in song.stems.all():
        if role := request.POST.get(f"role-{stem.position}"):
            chosen[stem.position] = role
    set_roles(song=song, roles=chosen)
    if request.htmx:
        return render(request, "tournaments/_stems.html", {"page": song_page(song), "is_saved": True})
    return redirect("tournaments:song", public_id)


@listener_required
@require_POST
def start(request: ListenerRequest, public_id: UUID) -> HttpResponse:
    """Confirm the genre and open a tournament."""
    song = song_for_listener(request.user, public_id)
    form = StartForm(request.POST)
    if not form.is_valid():
        return _song_page(request, song, form=form, status=422)
    earlier = set(Tournament.objects.filter(owner=request.user, song=song).values_list("pk", flat=True))
    try:
        tournament = start_tournament(
            owner=request.user,
            song=song,
            genre=form.cleaned_data["genre"],
            n_rounds=form.cleaned_data["n_rounds"],
        )
    except OutOfCredits as error:
        return _song_page(request, song, form=form, status=error.status)
    if tournament.pk in earlier:
        messages.info(request, "You had started this tournament already, so you go on with it.")
    return redirect("tournaments:battle", tournament.public_id)


def _song_page(request: ListenerRequest, song: Song, *, form: StartForm | None, status: int) -> HttpResponse:
    return render(request, "tournaments/song.html", _context(request, song, form=form), status=status)


def _context(request: ListenerRequest, song: Song, *, form: StartForm | None) -> dict[str, Any]:
    return {
        "page": song_page(song),
        "offer": start_offer(request.user, song),
        "judged_per_mix": PER_MIX,
        "form": form or StartForm(initial={"genre": song.genre or song.genre_guess}),
    }


def _upload_page(request: ListenerRequest, form: UploadForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "max_mb": settings.MAX_UPLOAD_MB,
        "max_bytes": settings.MAX_UPLOAD_MB * 1_000_000,
        "demo_song": demo_song(),
    }
    return render(request, "tournaments/upload.html", context, status=status)
