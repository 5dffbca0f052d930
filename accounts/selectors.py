"""What pages show of listeners and their ledgers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404

from accounts.achievements import ACHIEVEMENTS, BY_SLUG, Achievement
from accounts.models import Activity, Award, Notice, Referral, User
from accounts.services.awards import evidence_of
from accounts.services.referrals import is_limit_reached, is_never_apart, is_verified, missing_votes
from accounts.tiers import Standing, standing

N_TOASTS = 3
# Read by both sides.
NEVER_APART = (
    "one battle judged by the friend on another network (so far you two were only seen on the same one; if you share "
    "it, a curator can let the invitation count)"
)


@dataclass(frozen=True)
class Place:
    """Where one activity can be looked at."""

    label: str
    url: str


@dataclass(frozen=True)
class Shelf:
    """An achievement in somebody's cabinet.

    Attributes:
        earned_at: None while it is still to be earned.
        n_done: of `achievement.needed`.
        evidence: what earned it; only for its owner.
    """

    achievement: Achievement
    earned_at: datetime | None
    n_done: int
    evidence: tuple[Place, ...]

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.n_done / self.achievement.needed, 1.0)


@dataclass(frozen=True)
class ReferralLine:
    """One friend on the page of referrals, and what is still missing."""

    referral: Referral
    waits_for: str


def public_profile(username: str, *, visitor: User | None) -> User:
    """Somebody whose profile the visitor may open: a public one, or one's own. Raises Http404."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or not (user.is_public or user == visitor):
        raise Http404
    return user


def n_votes(user: User) -> int:
    """How many battles somebody has judged."""
    return Activity.objects.filter(user=user, kind=Activity.Kind.VOTED).count()


def tier_standing(user: User) -> Standing:
    """The tier, and the way to the next."""
    return standing(n_votes(user))


def cabinet(user: User) -> list[Shelf]:
    """Every achievement: the earned ones first, each with its evidence, then the nearest ones."""
    awards = {award.slug: award for award in Award.objects.filter(user=user).prefetch_related("activities")}
    shelves = []
    for achievement in ACHIEVEMENTS:
        award = awards.get(achievement.slug)
        if award is None:
            shelves.append(Shelf(achievement, None, len(evidence_of(user.pk, achievement)), ()))
            continue
        evidence = tuple(
            Place(activity.facts.get("label") or str(activity), activity.facts.get("url", ""))
            for activity in award.activities.all()
        )
        shelves.append(Shelf(achievement, award.earned_at, achievement.needed, evidence))
    return sorted(shelves, key=lambda shelf: (shelf.earned_at is None, -shelf.share))


def trophies(user: User) -> list[Shelf]:
    """The earned achievements, oldest first, without evidence: what others may see."""
    return [
        Shelf(BY_SLUG[award.slug], award.earned_at, BY_SLUG[award.slug].needed, ())
        for award in Award.objects.filter(user=user)
        if award.slug in BY_SLUG
    ]


def referral_lines(inviter: User, now: datetime) -> list[ReferralLine]:
    """Everybody who came by the inviter's link, newest first."""
    return [
        ReferralLine(referral, _waits_for(referral, now))
        for referral in Referral.objects.filter(inviter=inviter).select_related("friend")
    ]


def own_referral(friend: User, now: datetime) -> ReferralLine | None:
    """By whom the listener was invited, and what is still missing."""
    referral = Referral.objects.filter(friend=friend).select_related("inviter", "friend").first()
    return None if referral is None else ReferralLine(referral, _waits_for(referral, now))


def unseen_notices(user: User) -> QuerySet[Notice]:
    """News that was not looked at yet, newest first."""
    return Notice.objects.filter(user=user, seen_at=None)


def _waits_for(referral: Referral, now: datetime) -> str:
    if referral.state != Referral.State.PENDING:
        return ""
    missing = []
    if not is_verified(referral.friend_id):
        missing.append("a verified e-mail address")
    n_missing = missing_votes(referral.friend_id)
    if n_missing:
        missing.append(f"{n_missing} more judged battle{'s' if n_missing > 1 else ''}")
    if is_never_apart(referral):
        missing.append(NEVER_APART)
    if not missing and is_limit_reached(referral, now):
        return "the limit of friends within 30 days to pass; the friend's next vote then counts"
    return " and ".join(missing)
