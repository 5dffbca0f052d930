"""Where a tournament stands: its row of rounds, and the page that its owner should be on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.urls import reverse

from evolution.models import Breeding
from tournaments.models import Ballot, Battle, Mix, Share, Tournament
from tournaments.selectors.audience import audience_event, votes_by_round

if TYPE_CHECKING:
    from accounts.models import User


class Place(StrEnum):
    """The pages of a tournament."""

    BATTLE = "battle"
    REVEAL = "reveal"
    RESULT = "result"
    FAILED = "failed"


@dataclass(frozen=True)
class Stop:
    """A round in the row of rounds. Says nothing about who fights."""

    number: int
    label: str
    state: str  # done, now or ahead
    url: str


@dataclass(frozen=True)
class Rounds:
    """The frame around battle, reveal and result. `is_shared` says that others may have judged, or may be listening."""

    tournament: Tournament
    stops: tuple[Stop, ...]
    current: int
    is_shared: bool


def decided_battles(tournament: Tournament, voter: User) -> list[Battle]:
    """The rounds that this listener has judged, in order."""
    return list(
        Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED, votes__voter=voter)
        .select_related("first__mixer", "second__mixer")
        .order_by("number")
    )


def current_battle(tournament: Tournament) -> Battle | None:
    """The round that waits for its vote, preparing or open; None between rounds and after the last."""
    return (
        Battle.objects.filter(tournament=tournament, state__in=[Battle.State.PREPARING, Battle.State.OPEN])
        .select_related("first", "second")
        .order_by("-number")
        .first()
    )


def rounds(tournament: Tournament, *, current: int) -> Rounds:
    """The row of rounds with one of them marked as the present one (0: none)."""
    done = set(
        Battle.objects.filter(tournament=tournament, state=Battle.State.DECIDED).values_list("number", flat=True)
    )
    return Rounds(
        tournament=tournament,
        stops=tuple(
            Stop(
                number=number,
                label="Final" if number == tournament.n_rounds else f"Round {number}",
                state="now" if number == current else "done" if number in done else "ahead",
                url=reverse("tournaments:reveal", args=[tournament.public_id, number]) if number in done else "",
            )
            for number in range(1, tournament.n_rounds + 1)
        ),
        current=current,
        is_shared=Share.objects.filter(tournament=tournament).exists(),
    )


def place(tournament: Tournament, owner: User) -> tuple[Place, int]:
    """Where the owner left off, and the number of that round."""
    if tournament.state == Tournament.State.FINISHED:
        return Place.RESULT, 0
    if tournament.state == Tournament.State.FAILED:
        return Place.FAILED, 0
    decided = decided_battles(tournament, owner)
    battle = current_battle(tournament)
    if not decided:
        return Place.BATTLE, 1
    if battle is not None and Ballot.objects.filter(battle=battle, voter=owner).exists():
        return Place.BATTLE, battle.number
    return Place.REVEAL, decided[-1].number


def live_events(tournament_pk: int) -> Mapping[str, str] | None:
    """What a stream tells the owner: that pages have something new, and how many others listen and have judged."""
    tournament = Tournament.objects.filter(pk=tournament_pk).only("public_id").first()
    if tournament is None:
        return None
    audience = audience_event(tournament.public_id, votes_by_round(tournament_pk))
    return {"message": live_version(tournament_pk), "audience": audience}


def live_version(tournament_pk: int) -> str:
    """A short text that changes whenever the tournament's pages have something new to show; names nobody."""
    tournament = Tournament.objects.filter(pk=tournament_pk).values_list("state", flat=True).first()
    battles = list(
        Battle.objects.filter(tournament_id=tournament_pk).order_by("number", "pk").values_list("key", "state")
    )
    breedings = dict(Breeding.objects.filter(key__in=[key for key, _ in battles]).values_list("key", "state"))
    newborns = Breeding.objects.filter(key__in=breedings, offspring__isnull=False).values("offspring")
    mixes = Mix.objects.filter(song__tournaments=tournament_pk, mixer__in=newborns, nudged_from=None).order_by("pk")
    parts = [str(tournament), *(f"{state}/{breedings.get(key, '')}" for key, state in battles)]
    return " ".join([*parts, *mixes.values_list("state", flat=True)])
