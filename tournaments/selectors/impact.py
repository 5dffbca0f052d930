"""What a listener's votes changed: ratings that moved, offspring that were bred, and where they stand now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from evolution.models import Breeding, Mixer
from tournaments.models import Ballot, RatingChange, Vote
from tournaments.selectors.ratings import Score, scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User


@dataclass(frozen=True)
class Moved:
    """One mixer's overall rating, before and after a vote."""

    nickname: str
    slug: str
    change: int


@dataclass(frozen=True)
class VoteLine:
    """One vote, and what came of it.

    Attributes:
        breeding: None after a tie, or while it is not known.
    """

    vote: Vote
    moved: tuple[Moved, ...]
    breeding: Breeding | None
    score: Score | None


@dataclass(frozen=True)
class Impact:
    """All of it, in numbers.

    Attributes:
        n_born: offspring of the listener's votes. n_living: those that are still in the arena.
        n_descendants: mixers with one of these offspring as a parent.
    """

    n_votes: int
    n_born: int
    n_living: int
    n_descendants: int


def votes_of(user: User) -> QuerySet[Vote]:
    """A listener's votes, newest first."""
    return (
        Vote.objects.filter(voter=user, ballot__kind__in=Ballot.BY_EAR)
        .select_related("ballot__share", "battle__tournament__song", "battle__first__mixer", "battle__second__mixer")
        .defer("battle__tournament__song__peaks")
        .order_by("-pk")
    )


def impact(user: User) -> Impact:
    """The summary."""
    keys = Vote.objects.filter(voter=user, ballot__kind=Ballot.Kind.LISTENER).values("battle__key")
    born = Mixer.objects.filter(birth__key__in=keys)
    return Impact(
        n_votes=votes_of(user).count(),
        n_born=born.count(),
        n_living=born.filter(state=Mixer.State.ACTIVE).count(),
        n_descendants=Mixer.objects.filter(parents__in=born).distinct().count(),
    )


def vote_lines(votes: Sequence[Vote]) -> list[VoteLine]:
    """What came of each of these votes; the number of queries does not depend on how many there are."""
    changes: dict[int, list[RatingChange]] = {}
    for change in RatingChange.objects.filter(event__vote__in=votes, genre="").select_related("event", "mixer"):
        changes.setdefault(change.event.vote_id or 0, []).append(change)
    breedings = {
        breeding.key: breeding
        for breeding in Breeding.objects.filter(key__in=[vote.battle.key for vote in votes]).select_related("offspring")
    }
    standing = scores([row.offspring for row in breedings.values() if row.offspring is not None])
    lines = []
    for vote in votes:
        # Nobody is bred from a vote of an audience.
        breeding = breedings.get(vote.battle.key) if vote.ballot.kind == Ballot.Kind.LISTENER else None
        offspring = None if breeding is None else breeding.offspring_id
        lines.append(
            VoteLine(
                vote=vote,
                moved=tuple(
                    Moved(row.mixer.nickname, row.mixer.slug, round(row.after) - round(row.before))
                    for row in changes.get(vote.pk, [])
                ),
                breeding=breeding,
                score=standing.get(offspring) if offspring is not None else None,
            )
        )
    return lines
