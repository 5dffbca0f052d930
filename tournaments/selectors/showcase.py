"""The demo battle that somebody without an account can try at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from tournaments.models import Battle, Share, Tournament


@dataclass(frozen=True)
class DemoBattle:
    """A battle and the link that it is judged by."""

    share: Share
    battle: Battle


def demo_battle() -> DemoBattle | None:
    """The open demo battle with the fewest votes; None while none is ready."""
    battle = (
        Battle.objects.filter(
            tournament__kind=Tournament.Kind.SHOWCASE, state=Battle.State.OPEN, tournament__shares__revoked_at=None
        )
        .annotate(n_votes=Count("votes", distinct=True))
        .order_by("n_votes", "number")
        .first()
    )
    share = Share.objects.filter(tournament=battle.tournament_id, revoked_at=None).first() if battle else None
    return DemoBattle(share, battle) if battle is not None and share is not None else None
