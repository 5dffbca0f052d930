"""Counting days: everything that the roll-ups hold, from the ledger and from the rows that say what happened.

Counted are listeners' votes that the ledger does not leave out; votes by a rule and votes left out have a number of
their own and are in no other. What happened is dated by when it happened, so that a day's numbers seldom change after
it.

Durations are kept as counts in logarithmic bins, because percentiles of single days cannot be joined.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import TruncDate, TruncWeek

from accounts.models import Activity, InvitationVisit, Referral, User
from evolution.models import Breeding, Mixer, Parentage
from tournaments.models import (
    Ballot,
    Battle,
    BoardRun,
    DailyListener,
    Export,
    Mix,
    RatingChange,
    Share,
    ShareEvent,
    Song,
    Tournament,
    Vote,
)

DAY = timedelta(days=1)
N_CONFIDENCE_BINS = 10
BINS_PER_DECADE = 20
LEAST_S = 0.001
_BATCH = 2000
_LOOKUP = 500

EMPTY: dict[str, Any] = {
    "votes": 0,
    "ties": 0,
    "neither": 0,
    "votes_by_rule": 0,
    "votes_left_out": 0,
    "confidence": [0] * N_CONFIDENCE_BINS,
    "listeners": 0,
    "battles_opened": 0,
    "battles_decided": 0,
    "battles_voided": 0,
    "tournaments_started": 0,
    "tournaments_finished": 0,
    "tournaments_failed": 0,
    "born": {},
    "rejected": {},
    "breedings_failed": {},
    "against_parents": {},
    "sign_ups": 0,
    "verified": 0,
    "invitation_visits": 0,
    "referrals_made": 0,
    "referrals_verified": 0,
    "referrals_credited": 0,
    "shares_made": 0,
    "share_visits": 0,
    "share_votes": 0,
    "share_sign_ups": 0,
    "jobs": {},
}

MixerKey = tuple[date, int, str]
ListenerKey = tuple[int, date]


@dataclass
class Counts:
    """Everything that was counted for some days. Lists of four: wins, losses, ties, neither."""

    mixers: dict[MixerKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 4))
    ratings: dict[MixerKey, float] = field(default_factory=dict)
    listeners: dict[ListenerKey, DailyListener] = field(default_factory=dict)
    arena: dict[date, dict[str, Any]] = field(default_factory=dict)
    cohorts: dict[tuple[date, date], int] = field(default_factory=dict)

    def listener(self, user: int, day: date) -> DailyListener:
        """The row of a listener's day, empty where there is none yet."""
        row = self.listeners.get((user, day))
        if row is None:
            row = DailyListener(user_id=user, day=day, confidence=[0] * N_CONFIDENCE_BINS, mixers={})
            self.listeners[user, day] = row
        return row


def bin_of(seconds: float) -> int:
    """The logarithmic bin of a duration: 20 a decade, each 12 % wide, from a millisecond up."""
    return math.floor(BINS_PER_DECADE * math.log10(max(seconds, LEAST_S)))


def seconds_of(place: float) -> float:
    """The duration at a place among the bins; the lower end of bin n is at n."""
    return 10.0 ** (place / BINS_PER_DECADE)


def count_days(first: date, last: date) -> Counts:
    """Count some days in a row; writes nothing."""
    counts = Counts()
    for offset in range((last - first).days + 1):
        counts.arena[first + offset * DAY] = deepcopy(EMPTY)
    begin, end = moment_of(first), moment_of(last + DAY)
    _count_votes(counts, begin, end)
    _count_ratings(counts, begin, end)
    _count_tournaments(counts, begin, end)
    _count_breedings(counts, begin, end)
    _count_people(counts, begin, end)
    _count_jobs(counts, begin, end)
    _count_cohorts(counts, first, last)
    return counts


def moment_of(day: date) -> datetime:
    """Its first moment."""
    return datetime.combine(day, time(), UTC)


def monday_of(day: date) -> date:
    """Of its week."""
    return day - day.weekday() * DAY


def _count_votes(counts: Counts, begin: datetime, end: datetime) -> None:
    parents, generations = _parents(), dict(Mixer.objects.values_list("pk", "generation"))
    voters: dict[date, set[int]] = defaultdict(set)
    votes = Vote.objects.filter(created_at__gte=begin, created_at__lt=end, event__isnull=False)
    # One row a vote: who voted on which pair is needed of each, so there is nothing for the database to add up.
    rows = votes.filter(event__is_excluded=False, ballot__kind__in=Ballot.BY_EAR).values_list(
        "created_at",
        "voter_id",
        "battle__first__mixer_id",
        "battle__second__mixer_id",
        "battle__tournament__genre",
        "choice",
        "confidence",
    )
    for at, voter, first, second, genre, choice, confidence in rows.iterator(_BATCH):
        day = at.date()
        arena, listener = counts.arena[day], counts.listener(voter, day)
        voters[day].add(voter)
        arena["votes"] += 1
        listener.n_votes += 1
        if choice == Vote.Choice.TIE:
            arena["ties"] += 1
            listener.n_ties += 1
        if choice == Vote.Choice.NEITHER:
            arena["neither"] += 1
            listener.n_neither += 1
        else:
            sure = min(confidence * N_CONFIDENCE_BINS // 100, N_CONFIDENCE_BINS - 1)
            arena["confidence"][sure] += 1
            listener.confidence[sure] += 1
        for mixer, other, won in ((first, second, Vote.Choice.FIRST), (second, first, Vote.Choice.SECOND)):
            column = _column(choice, won)
            counts.mixers[day, mixer, ""][column] += 1
            counts.mixers[day, mixer, genre][column] += 1
            listener.mixers.setdefault(str(mixer), [0] * 4)[column] += 1
            if other in parents.get(mixer, ()):
                arena["against_parents"].setdefault(str(generations[mixer]), [0] * 4)[column] += 1
    for day, who in voters.items():
        counts.arena[day]["listeners"] = len(who)
    by_rule = votes.filter(event__is_excluded=False).exclude(ballot__kind__in=Ballot.BY_EAR)
    _add(counts, "votes_by_rule", by_rule, "created_at", begin, end)
    _add(counts, "votes_left_out", votes.filter(event__is_excluded=True), "created_at", begin, end)


def _count_ratings(counts: Counts, begin: datetime, end: datetime) -> None:
    """The ledger's lock numbers changes in the order of the events, so the newest has the largest key."""
    newest = (
        RatingChange.objects.filter(event__vote__created_at__gte=begin, event__vote__created_at__lt=end)
        .annotate(day=TruncDate("event__vote__created_at"))
        .order_by()
        .values("day", "mixer_id", "genre")
        .annotate(newest=Max("pk"))
        .values_list("newest", "day", "mixer_id", "genre")
    )
    keys = {pk: (day, mixer, genre) for pk, day, mixer, genre in newest}
    pks = list(keys)
    for start in range(0, len(pks), _LOOKUP):
        batch = RatingChange.objects.filter(pk__in=pks[start : start + _LOOKUP])
        for pk, after in batch.values_list("pk", "after"):
            counts.ratings[keys[pk]] = after


def _count_tournaments(counts: Counts, begin: datetime, end: datetime) -> None:
    _add(counts, "battles_opened", Battle.objects.all(), "opened_at", begin, end)
    _add(counts, "battles_decided", Battle.objects.all(), "decided_at", begin, end)
    # Nothing says when a battle was broken off, so it is dated by when it was made.
    _add(counts, "battles_voided", Battle.objects.filter(state=Battle.State.VOIDED), "created_at", begin, end)
    tournaments = Tournament.objects.filter(kind=Tournament.Kind.LISTENER)
    finished = tournaments.filter(state=Tournament.State.FINISHED)
    failed = tournaments.filter(state=Tournament.State.FAILED)
    _add(counts, "tournaments_started", tournaments, "created_at", begin, end)
    _add(counts, "tournaments_finished", finished, "finished_at", begin, end)
    _add(counts, "tournaments_failed", failed, "finished_at", begin, end)
    for name, rows, moment in (("n_started", tournaments, "created_at"), ("n_finished", finished, "finished_at")):
        for day, owner, n in _by_day(rows, moment, begin, end, "owner_id"):
            setattr(counts.listener(owner, day), name, n)


def _count_breedings(counts: Counts, begin: datetime, end: datetime) -> None:
    names = {
        Breeding.State.BORN.value: "born",
        Breeding.State.REJECTED.value: "rejected",
        Breeding.State.FAILED.value: "breedings_failed",
    }
    rows = _between(Breeding.objects.filter(state__in=names), "finished_at", begin, end)
    for at, state, loser, winner in rows.values_list(
        "finished_at", "state", "loser__generation", "winner__generation"
    ).iterator(_BATCH):
        # Of those that were not born: the generation that they would have been.
        by_generation = counts.arena[at.date()][names[state]]
        generation = str(max(loser, winner) + 1)
        by_generation[generation] = by_generation.get(generation, 0) + 1


def _count_people(counts: Counts, begin: datetime, end: datetime) -> None:
    verified = Activity.objects.filter(kind=Activity.Kind.VERIFIED)
    credited = Referral.objects.filter(state=Referral.State.CREDITED)
    came = ShareEvent.objects.filter(kind=ShareEvent.Kind.VISIT)
    stayed = ShareEvent.objects.filter(kind=ShareEvent.Kind.SIGNUP)
    judged = Vote.objects.filter(ballot__kind=Ballot.Kind.AUDIENCE)
    _add(counts, "sign_ups", User.objects.filter(is_guest=False), "date_joined", begin, end)
    _add(counts, "verified", verified, "happened_at", begin, end)
    _add(counts, "invitation_visits", InvitationVisit.objects.all(), "at", begin, end)
    _add(counts, "referrals_made", Referral.objects.all(), "created_at", begin, end)
    _add(counts, "referrals_verified", verified.filter(user__referred_by__isnull=False), "happened_at", begin, end)
    _add(counts, "referrals_credited", credited, "credited_at", begin, end)
    _add(counts, "shares_made", Share.objects.all(), "created_at", begin, end)
    _add(counts, "share_visits", came, "at", begin, end)
    _add(counts, "share_votes", judged, "created_at", begin, end)
    _add(counts, "share_sign_ups", stayed, "at", begin, end)


def _count_jobs(counts: Counts, begin: datetime, end: datetime) -> None:
    """From being asked for to being there, and the seconds of work where they are kept."""
    songs = Song.objects.filter(state__in=[Song.State.READY, Song.State.REFUSED])
    exports = Export.objects.filter(state=Export.State.READY, requested_at__lte=F("queued_at"))
    waits: tuple[tuple[str, QuerySet[Any], str, str], ...] = (
        ("song checked", songs, "created_at", "queued_at"),
        ("mix rendered", Mix.objects.filter(state=Mix.State.READY), "created_at", "queued_at"),
        ("battle ready", Battle.objects.all(), "created_at", "opened_at"),
        ("file written", exports, "requested_at", "queued_at"),
    )
    for name, rows, asked, done in waits:
        for since, at in _between(rows, done, begin, end).values_list(asked, done).iterator(_BATCH):
            _note(counts, name, at.date(), (at - since).total_seconds())
    works: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("breeding, work alone", Breeding.objects.filter(seconds__isnull=False), "finished_at"),
        ("official board, work alone", BoardRun.objects.all(), "made_at"),
    )
    for name, rows, done in works:
        for seconds, at in _between(rows, done, begin, end).values_list("seconds", done).iterator(_BATCH):
            _note(counts, name, at.date(), seconds)
    failures: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("song checked", Song.objects.filter(state=Song.State.FAILED), "queued_at"),
        ("mix rendered", Mix.objects.filter(state=Mix.State.FAILED), "queued_at"),
        ("file written", Export.objects.filter(state=Export.State.FAILED), "queued_at"),
        ("breeding, work alone", Breeding.objects.filter(state=Breeding.State.FAILED), "finished_at"),
    )
    for name, rows, moment in failures:
        for day, n in _by_day(rows, moment, begin, end):
            _job(counts, name, day)["failed"] = n


def _count_cohorts(counts: Counts, first: date, last: date) -> None:
    """Whole weeks, also where only some of their days are counted: listeners of single days cannot be added up."""
    rows = (
        _between(
            Activity.objects.all(), "happened_at", moment_of(monday_of(first)), moment_of(monday_of(last) + 7 * DAY)
        )
        .annotate(cohort=TruncWeek("user__date_joined"), week=TruncWeek("happened_at"))
        .order_by()
        .values("cohort", "week")
        .annotate(n=Count("user", distinct=True))
        .values_list("cohort", "week", "n")
    )
    counts.cohorts = {(cohort.date(), week.date()): n for cohort, week, n in rows}


def _add(counts: Counts, name: str, rows: QuerySet[Any], moment: str, begin: datetime, end: datetime) -> None:
    for day, n in _by_day(rows, moment, begin, end):
        counts.arena[day][name] = n


def _by_day(rows: QuerySet[Any], moment: str, begin: datetime, end: datetime, *extra: str) -> Iterable[tuple[Any, ...]]:
    """Days, the extra fields and the number of rows of each."""
    return (
        _between(rows, moment, begin, end)
        .annotate(rolled_day=TruncDate(moment))
        .order_by()
        .values("rolled_day", *extra)
        .annotate(n=Count("pk"))
        .values_list("rolled_day", *extra, "n")
    )


def _between(rows: QuerySet[Any], moment: str, begin: datetime, end: datetime) -> QuerySet[Any]:
    return rows.filter(**{f"{moment}__gte": begin, f"{moment}__lt": end}).order_by()


def _note(counts: Counts, name: str, day: date, seconds: float) -> None:
    bins = _job(counts, name, day)["bins"]
    at = str(bin_of(seconds))
    bins[at] = bins.get(at, 0) + 1


def _job(counts: Counts, name: str, day: date) -> dict[str, Any]:
    job: dict[str, Any] = counts.arena[day]["jobs"].setdefault(name, {"bins": {}, "failed": 0})
    return job


def _column(choice: str, won: str) -> int:
    """Where a vote is counted for the side that wins with `won`."""
    if choice == Vote.Choice.TIE:
        return 2
    if choice == Vote.Choice.NEITHER:
        return 3
    return 0 if choice == won else 1


def _parents() -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for child, parent in Parentage.objects.exclude(role=Parentage.Role.GUEST).values_list("child_id", "parent_id"):
        found[child].add(parent)
    return found
