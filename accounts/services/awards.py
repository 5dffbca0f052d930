"""Achievements and promotions that follow from an activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from accounts.achievements import ACHIEVEMENTS, Achievement
from accounts.models import Activity, Award, CreditEntry, Notice
from accounts.services.credits import pay_out
from accounts.services.notices import tell
from accounts.tiers import TIERS, Tier, tier_of


def promote(*, user_id: int, now: datetime) -> None:
    """Raise the listener to the tier of the votes cast so far, if the newest one reached it."""
    n_votes = _n_votes(user_id)
    tier = tier_of(n_votes)
    if n_votes == tier.from_votes:
        _raise(user_id, tier, now)


def promote_late(*, user_id: int, now: datetime) -> None:
    """Make up for every promotion that the votes cast so far have earned and that was not paid."""
    n_votes = _n_votes(user_id)
    for tier in TIERS:
        if n_votes >= tier.from_votes:
            _raise(user_id, tier, now)


def award(*, user_id: int, kind: Activity.Kind, now: datetime) -> None:
    """Award whatever the listener's activities of this kind have earned and was not awarded yet."""
    earned = set(Award.objects.filter(user=user_id).values_list("slug", flat=True))
    rules = [rule for rule in ACHIEVEMENTS if rule.kind == kind and rule.slug not in earned]
    for achievement in _reached(user_id, rules):
        row = Award.objects.create(user_id=user_id, slug=achievement.slug, earned_at=now)
        row.activities.set(evidence_of(user_id, achievement))
        if achievement.credits:
            pay_out(
                user_id=user_id,
                kind=CreditEntry.Kind.ACHIEVEMENT,
                key=achievement.slug,
                amount=achievement.credits,
                now=now,
                note=achievement.title,
            )
        tell(
            user_ids=[user_id],
            kind=Notice.Kind.ACHIEVEMENT,
            title=achievement.title,
            text=f"{achievement.text}{_bonus(achievement.credits)}",
            url=reverse("accounts:cabinet"),
            now=now,
        )


def evidence_of(user_id: int, achievement: Achievement) -> list[int]:
    """The first activities that count for an achievement, at most as many as it needs."""
    rows = Activity.objects.filter(_counts_for(achievement), user=user_id, kind=achievement.kind).order_by("pk")
    if not achievement.different:
        return list(rows.values_list("pk", flat=True)[: achievement.needed])
    first_with: dict[object, int] = {}
    for pk, value in rows.values_list("pk", f"facts__{achievement.different}"):
        first_with.setdefault(value, pk)
        if len(first_with) == achievement.needed:
            break
    return list(first_with.values())


def _n_votes(user_id: int) -> int:
    return Activity.objects.filter(user=user_id, kind=Activity.Kind.VOTED).count()


def _raise(user_id: int, tier: Tier, now: datetime) -> None:
    """Pay a tier's bonus and tell of it, once."""
    if tier.bonus and pay_out(
        user_id=user_id, kind=CreditEntry.Kind.PROMOTION, key=tier.slug, amount=tier.bonus, now=now
    ):
        tell(
            user_ids=[user_id],
            kind=Notice.Kind.PROMOTION,
            title=f"You are now {_article(tier.name)} {tier.name}",
            text=f"{tier.from_votes} battles judged.{_bonus(tier.bonus)}",
            url=reverse("accounts:progress"),
            now=now,
        )


def _reached(user_id: int, rules: Sequence[Achievement]) -> list[Achievement]:
    """Those rules of one kind that are fulfilled. One query for all: a vote holds the ledger's lock meanwhile."""
    if not rules:
        return []
    counts = {
        f"n_{i}": Count(f"facts__{rule.different}", filter=_counts_for(rule), distinct=True)
        if rule.different
        else Count("pk", filter=_counts_for(rule))
        for i, rule in enumerate(rules)
    }
    found = Activity.objects.filter(user=user_id, kind=rules[0].kind).aggregate(**counts)
    return [rule for i, rule in enumerate(rules) if found[f"n_{i}"] >= rule.needed]


def _counts_for(achievement: Achievement) -> Q:
    """Whether an activity of the achievement's kind has the facts that it asks for."""
    return Q(**{f"facts__{name}": value for name, value in achievement.where.items()})


def _bonus(n_credits: int) -> str:
    """What a listener reads of a bonus; nothing where mixes cost nothing."""
    if not n_credits or not settings.CREDITS:
        return ""
    return f" {n_credits} free {'mix' if n_credits == 1 else 'mixes'} for you."


def _article(noun: str) -> str:
    return "an" if noun[0] in "AEIOU" else "a"
