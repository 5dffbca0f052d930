"""The first page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tournaments.selectors.history import unfinished_tournament
from tournaments.selectors.leaderboards import champions
from tournaments.selectors.showcase import demo_battle
from tournaments.selectors.songs import demo_song
from tournaments.views.looks import looked_at
from tournaments.views.visitors import ListenerRequest, voter_of


@require_safe
def home(request: ListenerRequest) -> HttpResponse:
    """What the arena is, and the way into it."""
    context = {
        "champions": champions(),
        "demo_song": demo_song(),
        "demo": None if request.user.is_authenticated else demo_battle(voter_of(request), looked_at(request)),
        "unfinished": unfinished_tournament(request.user) if request.user.is_authenticated else None,
    }
    return render(request, "tournaments/home.html", context)
