"""Listeners as others see them: a profile, and the board of those who are ranked."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from accounts.models import Activity, User
from accounts.selectors import Shelf, tier_standing, trophies
from accounts.tiers import Standing, Tier, tier_of
from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.models import Ballot, Check, ListenerVerdict, Share, Vote
from tournaments.ratings.reliability import MIN_CHECKS, Outcome, Reliability, Value, reliability
from tournaments.selectors.preferences import Lean, leans

N_SHARED = 10
N_LISTENERS = 100
_N_VOTES = Count("activities", filter=Q(activities__kind=Activity.Kind.VOTED))


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
    """A place on the board of listeners.

    Attributes:
        reliability: only on the board by it.
    """

    place: int
    person: User
    tier: Tier
    n_votes: int
    reliability: Reliability | None = None


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
    people = _ranked().annotate(n_votes=_N_VOTES).filter(n_votes__gt=0).order_by("-n_votes", "pk")[:N_LISTENERS]
    return [ListenerLine(i, person, tier_of(person.n_votes), person.n_votes) for i, person in enumerate(people, 1)]


def listeners_by_reliability() -> list[ListenerLine]:
    """The same people, as far as they were checked enough, by the lower bound of their share of right answers.

    Those whose votes are left out do not appear: that is between them and the arena.
    """
    rows = (
        Check.objects.filter(outcome__in=[Outcome.PASSED, Outcome.FAILED])
        .order_by()
        .values("ballot__voter")
        .annotate(passed=Count("pk", filter=Q(outcome=Outcome.PASSED)), n=Count("pk"))
        .filter(n__gte=MIN_CHECKS)
    )
    verdicts = ListenerVerdict.objects.order_by("pk").values_list("listener", "value")
    left_out = {listener for listener, value in dict(verdicts).items() if value == Value.EXCLUDE}
    found = sorted(
        (
            (reliability(row["passed"], row["n"] - row["passed"]), row["ballot__voter"])
            for row in rows
            if row["ballot__voter"] not in left_out
        ),
        key=lambda one: (-one[0].low, one[1]),
    )
    people = _ranked().annotate(n_votes=_N_VOTES).in_bulk([voter for _, voter in found])
    best = [(score, people[voter]) for score, voter in found if voter in people][:N_LISTENERS]
    return [ListenerLine(i, one, tier_of(one.n_votes), one.n_votes, score) for i, (score, one) in enumerate(best, 1)]


def _ranked() -> QuerySet[User]:
    """Those who let themselves be ranked; guests never do."""
    return User.objects.filter(is_ranked=True, is_public=True, is_active=True, is_guest=False)


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
