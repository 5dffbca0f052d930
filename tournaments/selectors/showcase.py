"""The demo battle that somebody without an account can try at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count

from tournaments.models import Battle, Share, Tournament

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class DemoBattle:
    """A battle and the link that it is judged by."""

    share: Share
    battle: Battle


def demo_battle(visitor: User | None, looked_at: Collection[int]) -> DemoBattle | None:
    """The open demo battle with the fewest votes that a visitor can still judge blind; None where there is none.

    Args:
        visitor: a guest; None for whoever has not judged anything here.
        looked_at: tournaments of which the visitor was shown who is who.
    """
    judged = Battle.objects.none() if visitor is None else Battle.objects.filter(votes__voter=visitor)
    battle = (
        Battle.objects.filter(
            tournament__kind=Tournament.Kind.SHOWCASE, state=Battle.State.OPEN, tournament__shares__revoked_at=None
        )
        .exclude(tournament__in=looked_at)
        .exclude(pk__in=judged.values("pk"))
        .annotate(n_votes=Count("votes", distinct=True))
        .order_by("n_votes", "number")
        .first()
    )
    share = Share.objects.filter(tournament=battle.tournament_id, revoked_at=None).first() if battle else None
    return DemoBattle(share, battle) if battle is not None and share is not None else None
