"""Links that open something."""

from __future__ import annotations

from tournaments.models import Share, Tournament


def link_to(tournament: Tournament) -> Share | None:
    """The link to a whole tournament, if its owner has made one."""
    return Share.objects.filter(tournament=tournament, kind=Share.Kind.TOURNAMENT, revoked_at=None).first()


def is_open(tournament: Tournament) -> bool:
    """Whether any link to a tournament, or to a part of it, opens something."""
    return Share.objects.filter(tournament=tournament, revoked_at=None).exists()
