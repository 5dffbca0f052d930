"""The mixers: their board, and a page for each."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.models import Follow
from tournaments.selectors.leaderboards import leaderboard, living_architectures, official_board
from tournaments.selectors.mixers import mixer_page


@vary_on_headers("HX-Request")
@require_safe
def mixer_list(request: HttpRequest) -> HttpResponse:
    """The live board or the official one, overall or by genre, and by architecture where there are several."""
    genre, architecture = request.GET.get("genre", ""), request.GET.get("architecture", "")
    architectures = living_architectures()
    if (genre and genre not in GENRES) or (architecture and architecture not in architectures):
        raise Http404
    is_official = request.GET.get("board") == "official"
    context = {
        "board": None if is_official else leaderboard(genre, architecture),
        "official": official_board(genre, architecture) if is_official else None,
        "genre": genre,
        "genres": GENRES,
        "architecture": architecture,
        "architectures": architectures,
    }
    template = "tournaments/_board.html" if request.htmx else "tournaments/mixers.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@require_safe
def mixer(request: HttpRequest, slug: str) -> HttpResponse:
    """One mixer."""
    row = get_object_or_404(Mixer, slug=slug)
    is_followed = request.user.is_authenticated and Follow.objects.filter(user=request.user, mixer=row).exists()
    return render(request, "tournaments/mixer.html", {"page": mixer_page(row), "is_followed": is_followed})
