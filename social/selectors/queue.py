"""What the judging queue may give a listener, and what it shows of the way to a free mix."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from accounts.models import Activity
from accounts.services.judging import PER_MIX, is_day_full, n_counted
from social.selectors.pages import public_shares
from tournaments.models import Anchor, Ballot, Battle, Preview, QueueItem, Share, Tournament, Vote
from tournaments.ratings.reliability import MIN_FIRST_SURE

if TYPE_CHECKING:
    from accounts.models import User

# Battles among which chance decides.
POOL = 12
# A battle is given again when it was judged so long ago, or so many votes ago.
REPEATED_AFTER, N_VOTES_BETWEEN = timedelta(days=3), 20


@dataclass(frozen=True)
class Progress:
    """The way to the next free mix.

    Attributes:
        n_done: of `per_mix`.
        is_day_full: today's items no longer count.
        n_judged: items in all.
    """

    n_done: int
    per_mix: int
    is_day_full: bool
    n_judged: int


def candidates(listener: User, looked_at: Collection[int]) -> list[Battle]:
    """Battles of public tournaments that this listener can still judge blind: fewest votes first, then newest.

    Args:
        looked_at: tournaments of which the listener was shown who is who.
    """
    passed_over = QueueItem.objects.filter(listener=listener, is_passed_over=True).exclude(
        ballot__kind=Ballot.Kind.CHECK
    )
    return list(
        Battle.objects.filter(
            state__in=Battle.HEARABLE, level_lufs__isnull=False, tournament__in=public_shares().values("tournament")
        )
        .exclude(tournament__owner=listener)
        .exclude(tournament__kind=Tournament.Kind.AUTOMATIC)
        .exclude(tournament__in=looked_at)
        .exclude(pk__in=Vote.objects.filter(voter=listener).values("battle"))
        .exclude(pk__in=passed_over.values("ballot__battle"))
        .annotate(n_votes=Count("votes"))
        .order_by("n_votes", "-pk")[:POOL]
    )


def public_share_of(tournament_id: int) -> Share:
    """The link under which everybody may hear a tournament."""
    return Share.objects.get(tournament=tournament_id, is_public=True, revoked_at=None)


def cuts_of(battles: Collection[Battle]) -> list[tuple[Battle, Preview]]:
    """Each battle with each of the cuts that it plays."""
    rows = Preview.objects.filter(
        mix__in=[pk for battle in battles for pk in (battle.first_id, battle.second_id)],
        region=Preview.Region.HIGHLIGHT,
        state=Preview.State.READY,
    )
    cuts = {(row.mix_id, row.level_lufs): row for row in rows}
    pairs = ((battle, (mix, battle.level_lufs)) for battle in battles for mix in (battle.first_id, battle.second_id))
    return [(battle, cuts[key]) for battle, key in pairs if key in cuts]


def anchors_of(cuts: Collection[tuple[Battle, Preview]]) -> dict[int, Anchor]:
    """What there is of these cuts without treble, ready or not, by the cut's pk."""
    rows = Anchor.objects.filter(preview__in=[cut for _, cut in cuts]).select_related("preview")
    return {row.preview_id: row for row in rows}


def repeatable(listener: User, now: datetime) -> QuerySet[Vote]:
    """Sure votes of the listener on what is public still, old enough to be asked again, each once."""
    own = Vote.objects.filter(voter=listener).order_by("-pk").values_list("pk", flat=True)
    upto = own[N_VOTES_BETWEEN : N_VOTES_BETWEEN + 1]
    return Vote.objects.filter(
        Q(created_at__lte=now - REPEATED_AFTER) | Q(pk__lte=upto[0] if upto else 0),
        voter=listener,
        ballot__kind=Ballot.Kind.AUDIENCE,
        choice__in=[Vote.Choice.FIRST, Vote.Choice.SECOND],
        confidence__gte=MIN_FIRST_SURE,
        battle__state__in=Battle.HEARABLE,
        battle__tournament__in=public_shares().values("tournament"),
        repeats=None,
    ).order_by("pk")


def item_of(listener: User, number: int) -> QueueItem | None:
    """Something that the queue gave a listener."""
    items = QueueItem.objects.select_related("ballot__share", "ballot__battle")
    return items.filter(listener=listener, number=number).first()


def progress(listener: User, now: datetime) -> Progress:
    """How far the listener has come in the queue."""
    return Progress(
        n_done=n_counted(listener.pk) % PER_MIX,
        per_mix=PER_MIX,
        is_day_full=is_day_full(listener.pk, now),
        n_judged=Activity.objects.filter(user=listener, kind=Activity.Kind.JUDGED).count(),
    )
