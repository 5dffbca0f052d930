"""Who chose to see who is who instead of judging it: they can no longer judge that tournament blind.

Kept with the listener or guest; for strangers who are neither yet, in the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone

from tournaments.models import Tournament
from tournaments.selectors.shares import looks_of
from tournaments.services.sharing import note_look
from tournaments.views.visitors import voter_of

if TYPE_CHECKING:
    from accounts.models import User

_KEY = "looked_at"
# The oldest are forgotten first; nobody reads so many results to vote on the first of them again.
_MAX_REMEMBERED = 200


def looked_at(request: HttpRequest) -> set[int]:
    """The tournaments whose identities this visitor has been shown."""
    voter = voter_of(request)
    seen = set(request.session.get(_KEY, []))
    return seen if voter is None else seen | looks_of(voter)


def has_looked(request: HttpRequest, tournament: Tournament) -> bool:
    """Whether this visitor has been shown the identities of a tournament. Its owner never is before the own vote."""
    return tournament.owner_id != request.user.pk and tournament.pk in looked_at(request)


def remember_look(request: HttpRequest, tournament: Tournament) -> None:
    """Note it, so that no vote of this visitor on that tournament passes for a blind one."""
    voter = voter_of(request)
    if voter is not None:
        note_look(tournament_id=tournament.pk, viewer=voter, now=timezone.now())
        return
    seen = [pk for pk in request.session.get(_KEY, []) if pk != tournament.pk]
    request.session[_KEY] = [*seen, tournament.pk][-_MAX_REMEMBERED:]


def hand_over_looks(request: HttpRequest, viewer: User) -> None:
    """What a stranger has seen, somebody with ballots has seen."""
    for pk in request.session.pop(_KEY, []):
        note_look(tournament_id=pk, viewer=viewer, now=timezone.now())
