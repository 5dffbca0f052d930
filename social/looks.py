"""Who chose to see a result instead of judging it: the session remembers, because they can no longer judge blind."""

from __future__ import annotations

from django.http import HttpRequest

from tournaments.models import Tournament

_KEY = "looked_at"
# The oldest are forgotten first; nobody reads so many results to vote on the first of them again.
_MAX_REMEMBERED = 200


def looked_at(request: HttpRequest) -> list[int]:
    """The tournaments whose identities this browser has been shown."""
    return list(request.session.get(_KEY, []))


def has_looked(request: HttpRequest, tournament: Tournament) -> bool:
    """Whether this browser has been shown the identities of a tournament."""
    return tournament.pk in looked_at(request)


def remember_look(request: HttpRequest, tournament: Tournament) -> None:
    """Note it, so that no vote of this browser on that tournament passes for a blind one."""
    seen = [pk for pk in looked_at(request) if pk != tournament.pk]
    request.session[_KEY] = [*seen, tournament.pk][-_MAX_REMEMBERED:]
