"""Links that open something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tournaments.models import Look, Share, Tournament

if TYPE_CHECKING:
    from accounts.models import User


def link_to(tournament: Tournament) -> Share | None:
    """The link to a whole tournament, if its owner has made one."""
    return Share.objects.filter(tournament=tournament, kind=Share.Kind.TOURNAMENT, revoked_at=None).first()


def is_open(tournament: Tournament) -> bool:
    """Whether any link to a tournament, or to a part of it, opens something."""
    return Share.objects.filter(tournament=tournament, revoked_at=None).exists()


def looks_of(viewer: User) -> set[int]:
    """The tournaments of which somebody was shown who is who, so that they cannot judge them blind any more."""
    return set(Look.objects.filter(viewer=viewer).values_list("tournament", flat=True))
