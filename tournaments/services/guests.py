"""Guests who sign up or log in: what they judged before becomes theirs, and begins to count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from tournaments.models import Ballot, Battle, Look, Vote
from tournaments.services.ledger import append_vote
from tournaments.services.records import record_vote

if TYPE_CHECKING:
    from accounts.models import User


def take_over(*, guest: User, user: User) -> int:
    """Hand a guest's ballots to the listener that the guest turned out to be, and count the votes.

    What the listener has judged already, or owns, is dropped: nobody votes twice.

    Returns: how many votes began to count.
    """
    with transaction.atomic():
        ballots = Ballot.objects.filter(voter=guest)
        known = Ballot.objects.filter(voter=user).exclude(kind=Ballot.Kind.CHECK)
        judged = Battle.objects.filter(Q(ballots__in=known) | Q(tournament__owner=user))
        twice = ballots.filter(battle__in=judged)
        Vote.objects.filter(ballot__in=twice).delete()
        twice.delete()
        Vote.objects.filter(voter=guest).update(voter=user)
        ballots.update(voter=user)
        votes = list(
            Vote.objects.filter(voter=user, event=None, ballot__kind=Ballot.Kind.AUDIENCE)
            .select_related("ballot__share", "voter", "battle__tournament__song")
            .select_related("battle__first__mixer", "battle__second__mixer")
            .order_by("pk")
        )
        for vote in votes:
            append_vote(vote=vote)
        for vote in votes:
            record_vote(vote)
        seen = Look.objects.filter(viewer=user).values("tournament")
        Look.objects.filter(viewer=guest).exclude(tournament__in=seen).update(viewer=user)
        guest.delete()
    return len(votes)
