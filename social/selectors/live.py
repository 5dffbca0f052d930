"""How a shared tournament stands now: what its streams say, and the line that follows along on its pages.

None of it names a mixer, nor tells which side of a battle leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from social.selectors.battles import battles_of
from social.selectors.pages import judged_battles
from tournaments.models import Battle, Share, Song, Tournament
from tournaments.selectors.audience import audience_event, n_listeners, votes_by_round

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Pulse:
    """The line on a page of a shared tournament.

    Attributes:
        version: changes whenever its pages have something new to show.
        n_votes: of the round that the page shows.
        following: the first later round that is open and that the visitor has not judged.
        has_looked: the visitor was shown who is who, and can only look at it.
    """

    version: str
    n_listeners: int
    n_votes: int
    following: Battle | None
    following_url: str
    is_running: bool
    has_looked: bool


def pulse(share: Share, voter: User | None, *, number: int, has_looked: bool) -> Pulse:
    """How things stand for a visitor on the page of a round (0: on the page of the tournament)."""
    battles = _battles(share)
    judged = judged_battles(share, voter)
    later = (
        battle
        for battle in battles
        if battle.number > number and battle.state in Battle.HEARABLE and battle.pk not in judged
    )
    following = next(later, None)
    return Pulse(
        version=_version(share, battles),
        n_listeners=n_listeners(share.tournament.public_id),
        n_votes=votes_by_round(share.tournament_id).get(number, 0),
        following=following,
        following_url=reverse("social:battle", args=[share.token, following.number]) if following else "",
        is_running=share.tournament.state == Tournament.State.RUNNING,
        has_looked=has_looked,
    )


def live_events(share_pk: int) -> Mapping[str, str] | None:
    """What a stream tells the visitors of a link: that something is new, and counts. None once it opens nothing."""
    share = (
        Share.objects.select_related("tournament")
        .filter(pk=share_pk, revoked_at=None)
        .exclude(tournament__song__state=Song.State.DELETED)
        .first()
    )
    if share is None:
        return None
    battles = _battles(share)
    votes = votes_by_round(share.tournament_id)
    shown = {battle.number: votes.get(battle.number, 0) for battle in battles}
    return {"message": _version(share, battles), "audience": audience_event(share.tournament.public_id, shown)}


def _battles(share: Share) -> list[Battle]:
    """The rounds that a link shows, in order."""
    return list(battles_of(share).only("number", "state", "is_final").order_by("number"))


def _version(share: Share, battles: list[Battle]) -> str:
    return " ".join([share.tournament.state, *(f"{battle.number}:{battle.state}" for battle in battles)])
