"""Listeners: their board, and a page for each who has one; following mixers."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.selectors import public_profile
from evolution.models import Mixer
from tournaments.selectors.impact import impact, vote_lines, votes_of
from tournaments.selectors.people import listeners, listeners_by_reliability, person_page
from tournaments.selectors.preferences import leans
from tournaments.services import follows
from tournaments.services.preferences import reset_taste
from tournaments.views.visitors import ListenerRequest, listener_required

VOTES_PER_PAGE = 20


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The board of listeners: by volume, or with `?by=reliability`."""
    is_by_reliability = request.GET.get("by") == "reliability"
    lines = listeners_by_reliability() if is_by_reliability else listeners()
    return render(request, "tournaments/people.html", {"lines": lines, "is_by_reliability": is_by_reliability})


@require_safe
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One listener."""
    visitor = request.user if isinstance(request.user, User) else None
    return render(request, "tournaments/person.html", {"page": person_page(public_profile(username, visitor=visitor))})


@listener_required
@require_safe
def changes(request: ListenerRequest) -> HttpResponse:
    """What the visitor's own votes changed, and the taste that they tell of."""
    page = Paginator(votes_of(request.user), VOTES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "impact": impact(request.user),
        "page": page,
        "lines": vote_lines(list(page.object_list)),
        "leans": leans(request.user),
    }
    return render(request, "tournaments/impact.html", context)


@listener_required
@require_POST
def reset(request: ListenerRequest) -> HttpResponse:
    """Let the taste start anew."""
    reset_taste(user=request.user, now=timezone.now())
    return redirect("tournaments:changes")


@listener_required
@require_POST
def follow(request: ListenerRequest, slug: str) -> HttpResponse:
    """Follow a mixer, or stop."""
    mixer = get_object_or_404(Mixer, slug=slug)
    is_followed = request.POST.get("is_followed") == "yes"
    if is_followed:
        follows.follow(user=request.user, mixer=mixer, now=timezone.now())
    else:
        follows.unfollow(user=request.user, mixer=mixer)
    if request.htmx:
        return render(request, "tournaments/_follow.html", {"mixer": mixer, "is_followed": is_followed})
    return redirect("tournaments:mixer", slug)
