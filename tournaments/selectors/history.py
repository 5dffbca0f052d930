"""A listener's tournaments, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from tournaments.models import Battle, Song, Tournament

if TYPE_CHECKING:
    from accounts.models import User


def tournaments_of(user: User) -> QuerySet[Tournament]:
    """With song and champion, and `n_decided`, the number of rounds judged."""
    return (
        Tournament.objects.filter(owner=user)
        .exclude(song__state=Song.State.DELETED)
        .select_related("song", "champion__mixer")
        .defer("song__peaks")
        .annotate(n_decided=Count("battles", filter=Q(battles__state=Battle.State.DECIDED)))
        .order_by("-pk")
    )


def unfinished_tournament(user: User) -> Tournament | None:
    """The newest tournament to go on with."""
    return tournaments_of(user).filter(state=Tournament.State.RUNNING).first()
