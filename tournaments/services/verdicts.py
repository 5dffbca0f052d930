"""Verdicts on listeners: whether their votes count, by a rule over their checks or by a curator's word.

What a curator says stands until the listener has given ANSWERS_AFTER_CURATOR telling answers more; from then on the
rule judges by the answers since that word alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Q

from accounts.services.earnings import set_earning
from tournaments.errors import InvalidVerdict
from tournaments.models import Ballot, Check, ListenerVerdict, Vote
from tournaments.ratings.reliability import (
    MIN_CHECKS,
    CheckKind,
    Outcome,
    Tally,
    Value,
    judge,
    log10_odds,
)
from tournaments.services.ledger import append_listener_verdict

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

ANSWERS_AFTER_CURATOR = 12
# Where more than this share of active listeners is left out, either somebody attacks or the checks are wrong.
MAX_EXCLUDED_SHARE = 0.15
ACTIVE_FOR = timedelta(days=30)

REASONS = {
    Value.INCLUDE: "The checks were heard right.",
    Value.EXCLUDE: "The checks were answered as by somebody who does not listen.",
    Value.UNDECIDED: "The checks speak neither way.",
}


@dataclass(frozen=True)
class Exclusions:
    """Of those who voted lately and were checked enough, how many are left out."""

    n_checked: int
    n_excluded: int

    @property
    def share(self) -> float:
        return self.n_excluded / self.n_checked if self.n_checked else 0.0

    @property
    def limit(self) -> float:
        return MAX_EXCLUDED_SHARE

    @property
    def is_alarming(self) -> bool:
        return self.share > self.limit


def newest_verdict(listener_id: int) -> ListenerVerdict | None:
    """The one that counts; None for a listener on whom there was none yet."""
    return ListenerVerdict.objects.filter(listener=listener_id).first()


def tallies_of(listener_id: int, *, since: datetime | None = None) -> dict[CheckKind, Tally]:
    """Right and wrong answers by kind of check; all of them unless a moment is given."""
    answers = Check.objects.filter(ballot__voter=listener_id, answered_at__isnull=False)
    if since is not None:
        answers = answers.filter(answered_at__gt=since)
    rows = (
        answers.order_by()
        .values("kind")
        .annotate(
            passed=Count("pk", filter=Q(outcome=Outcome.PASSED)), failed=Count("pk", filter=Q(outcome=Outcome.FAILED))
        )
    )
    return {CheckKind(row["kind"]): Tally(row["passed"], row["failed"]) for row in rows}


def review(*, listener_id: int, now: datetime) -> ListenerVerdict | None:
    """Let the rule look at a listener's answers; a verdict where it changes anything. Call it after each answer."""
    known = newest_verdict(listener_id)
    by_curator = ListenerVerdict.objects.filter(listener=listener_id, made_by__isnull=False).first()
    tallies = tallies_of(listener_id, since=by_curator.created_at if by_curator else None)
    if by_curator is not None and sum(tally.n for tally in tallies.values()) < ANSWERS_AFTER_CURATOR:
        return None
    before = Value(known.value) if known else Value.UNDECIDED
    value = judge(tallies, before)
    if value == before:
        return None
    return _append(listener_id, value, REASONS[value], tallies, now, made_by=None)


def overrule(*, listener: User, value: Value, reason: str, by: User, now: datetime) -> ListenerVerdict:
    """A curator's word.

    Raises: InvalidVerdict without a reason.
    """
    if not reason.strip():
        raise InvalidVerdict("A verdict needs a reason. Say in a few words why.", code="no_reason")
    return _append(listener.pk, value, reason.strip()[:200], tallies_of(listener.pk), now, made_by=by)


def exclusions(*, now: datetime) -> Exclusions:
    """How many of the active listeners are left out."""
    voters = Vote.objects.filter(created_at__gt=now - ACTIVE_FOR, ballot__kind__in=Ballot.BY_EAR, voter__is_guest=False)
    tells = Check.objects.filter(outcome__in=[Outcome.PASSED, Outcome.FAILED], ballot__voter__in=voters.values("voter"))
    checked = tells.order_by().values("ballot__voter").annotate(n=Count("pk")).filter(n__gte=MIN_CHECKS)
    listeners = {row["ballot__voter"] for row in checked}
    newest = ListenerVerdict.objects.filter(listener__in=listeners).order_by("pk").values_list("listener", "value")
    return Exclusions(len(listeners), sum(value == Value.EXCLUDE for value in dict(newest).values()))


def warn_of_exclusions(*, now: datetime) -> None:
    """Say in the log if too many are left out."""
    found = exclusions(now=now)
    if found.is_alarming:
        logger.warning(
            "votes of %s of %s checked listeners are left out, more than %s %%: see the curation of listener verdicts",
            found.n_excluded,
            found.n_checked,
            round(100 * MAX_EXCLUDED_SHARE),
        )


def _append(
    listener_id: int, value: Value, reason: str, tallies: Mapping[CheckKind, Tally], now: datetime, made_by: User | None
) -> ListenerVerdict:
    verdict = ListenerVerdict(
        listener_id=listener_id,
        value=value,
        reason=reason,
        evidence=_evidence(tallies),
        made_by=made_by,
        created_at=now,
    )
    with transaction.atomic():
        n_votes = append_listener_verdict(verdict=verdict)
        set_earning(user_id=listener_id, earns=value != Value.EXCLUDE, now=now)
    logger.info("verdict listener=%s value=%s votes=%s", listener_id, value, n_votes)
    return verdict


def _evidence(tallies: Mapping[CheckKind, Tally]) -> dict[str, Any]:
    answers = {kind.value: {"passed": tally.passed, "failed": tally.failed} for kind, tally in tallies.items()}
    return {"answers": answers, "log10_odds": round(log10_odds(tallies), 3)}
