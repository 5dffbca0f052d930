"""Listeners as others see them: a profile, and the board of those who are ranked."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from accounts.models import Activity, User
from accounts.selectors import Shelf, tier_standing, trophies
from accounts.tiers import Standing, Tier, tier_of
from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.models import Ballot, Share, Vote
from tournaments.selectors.preferences import Lean, leans

N_SHARED = 10
N_LISTENERS = 100


@dataclass(frozen=True)
class GenreShare:
    """How much of somebody's judging was in one genre.

    Attributes:
        share: of all votes, 0 to 1.
        confidence: mean of them, %.
    """

    label: str
    n_votes: int
    share: float
    confidence: int


@dataclass(frozen=True)
class Profile:
    """A listener's page."""

    person: User
    standing: Standing
    trophies: tuple[Shelf, ...]
    genres: tuple[GenreShare, ...]
    leans: tuple[Lean, ...]
    shared: QuerySet[Share]
    follows: QuerySet[Mixer]


@dataclass(frozen=True)
class ListenerLine:
    """A place on the board of listeners."""

    place: int
    person: User
    tier: Tier
    n_votes: int


def person_page(person: User) -> Profile:
    """What a public profile shows: nothing of songs and results that were not shared."""
    return Profile(
        person=person,
        standing=tier_standing(person),
        trophies=tuple(trophies(person)),
        genres=_genres(person),
        leans=leans(person),
        # Under another name than the listener's own, a tournament must not be found here.
        shared=Share.objects.filter(tournament__owner=person, is_public=True, name="")
        .select_related("tournament__song")
        .defer("tournament__song__peaks")[:N_SHARED],
        follows=Mixer.objects.filter(follows__user=person),
    )


def listeners() -> list[ListenerLine]:
    """Those who let themselves be ranked, by the number of battles that they judged."""
    people = (
        User.objects.filter(is_ranked=True, is_public=True, is_active=True)
        .annotate(n_votes=Count("activities", filter=Q(activities__kind=Activity.Kind.VOTED)))
        .filter(n_votes__gt=0)
        .order_by("-n_votes", "pk")[:N_LISTENERS]
    )
    return [ListenerLine(i, person, tier_of(person.n_votes), person.n_votes) for i, person in enumerate(people, 1)]


def _genres(person: User) -> tuple[GenreShare, ...]:
    rows = list(
        Vote.objects.filter(voter=person, ballot__kind__in=Ballot.BY_EAR)
        .values("battle__tournament__genre")
        .annotate(n=Count("pk"), mean=Avg("confidence"))
        .order_by("-n", "battle__tournament__genre")
    )
    total = sum(row["n"] for row in rows)
    return tuple(
        GenreShare(GENRES[row["battle__tournament__genre"]], row["n"], row["n"] / total, round(row["mean"]))
        for row in rows
    )
