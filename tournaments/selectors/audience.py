"""Others who follow a tournament that its owner shares: how many they are, and how many have judged. Never what."""

from __future__ import annotations

import json
from uuid import UUID

from django.db.models import Count

from mixarena.web import presence
from tournaments.models import Vote


def channel_of(public_id: UUID) -> str:
    """Where changes of a tournament are published, and its audience is present."""
    return f"tournament:{public_id}"


def n_listeners(public_id: UUID) -> int:
    """How many people have a page open that shows this tournament to others."""
    return presence.count(channel_of(public_id))


def votes_by_round(tournament_pk: int) -> dict[int, int]:
    """How many votes each round has, the owner's and those of guests among them; rounds without one are left out."""
    votes = Vote.objects.filter(battle__tournament=tournament_pk).values_list("battle__number")
    return dict(votes.annotate(n=Count("pk")).order_by("battle__number"))


def audience_event(public_id: UUID, votes: dict[int, int]) -> str:
    """The counts as pages take them from a stream."""
    return json.dumps({"listeners": n_listeners(public_id), "votes": votes})
