"""Rolling up: days are counted anew and replace what stood there.

Today and yesterday are counted every time. Earlier days are where they are missing or have changed: by a late vote, a
battle that was broken off, a verdict. A verdict moves every later rating, so with it all days from the vote's on are.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import TruncDate

from accounts.models import User
from tournaments.models import (
    Battle,
    DailyArena,
    DailyListener,
    DailyMixer,
    LedgerEvent,
    RollupMark,
    Tournament,
    Vote,
    WeeklyCohort,
)
from tournaments.services.day_counts import (
    DAY,
    Counts,
    ListenerKey,
    MixerKey,
    count_days,
    monday_of,
)
from tournaments.services.ledger import rebuild_if_stale

logger = logging.getLogger(__name__)

MARK_PK = 1
# Counted together: long enough that few queries do, short enough that the memory of a worker holds what they answer.
MAX_DAYS = 28
MAX_TRIES = 5
_BATCH = 2000
_LOOKUP = 500


def bring_up_to_date(*, now: datetime) -> int:
    """Count the days that are missing or have changed, always with today and yesterday. Returns how many days."""
    mark = _mark()
    # In this order: a verdict that comes later has a larger number, and is met by the next roll-up.
    upto = LedgerEvent.objects.aggregate(newest=Max("number"))["newest"] or 0
    rebuild_if_stale()
    days = _stale_days(mark.upto, now.date())
    for first, last in _runs(days):
        roll_up(first=first, last=last, now=now)
    RollupMark.objects.filter(pk=MARK_PK, upto__lt=upto).update(upto=upto)
    logger.info("rolled up days=%s upto=%s", len(days), upto)
    return len(days)


def rebuild(*, now: datetime) -> int:
    """Count every day anew, and delete rows of days that there are not. Returns how many days."""
    upto = LedgerEvent.objects.aggregate(newest=Max("number"))["newest"] or 0
    rebuild_if_stale()
    first, last = first_day(now.date()), now.date()
    DailyMixer.objects.exclude(day__range=(first, last)).delete()
    DailyListener.objects.exclude(day__range=(first, last)).delete()
    DailyArena.objects.exclude(day__range=(first, last)).delete()
    WeeklyCohort.objects.exclude(week__range=(monday_of(first), last)).delete()
    for begin, end in _spans(first, last):
        roll_up(first=begin, last=end, now=now)
    _mark()
    RollupMark.objects.filter(pk=MARK_PK).update(upto=upto)
    return (last - first).days + 1


def roll_up(*, first: date, last: date, now: datetime) -> None:
    """Count some days and put the result in the place of what stood there. Twice changes nothing.

    Raises: RuntimeError where others wrote every time while this counted.
    """
    for _ in range(MAX_TRIES):
        seen = _mark().n_writes
        counts = count_days(first, last)
        if _replace(first, last, counts, seen=seen, now=now):
            return
    raise RuntimeError(f"Others rolled up {first} to {last} at the same time, {MAX_TRIES} times.")


def differences(*, now: datetime) -> list[str]:
    """Count every day anew and say where what is stored is not equal; empty where everything is."""
    first, last = first_day(now.date()), now.date()
    found: list[str] = []
    for begin, end in _spans(first, last):
        counts = count_days(begin, end)
        found += _unequal("mixer", _stored_mixers(begin, end), _mixer_rows(counts))
        found += _unequal("listener", _stored_listeners(begin, end), _listener_rows(counts))
        stored = dict(DailyArena.objects.filter(day__range=(begin, end)).values_list("day", "counters"))
        found += _unequal("arena", stored, counts.arena)
        weeks = (monday_of(begin), end)
        cohorts = {(row.cohort, row.week): row.n_active for row in WeeklyCohort.objects.filter(week__range=weeks)}
        found += _unequal("cohort", cohorts, counts.cohorts)
    for model in (DailyMixer, DailyListener, DailyArena):
        n_outside = model._default_manager.exclude(day__range=(first, last)).count()
        if n_outside:
            found.append(f"{model.__name__}: {n_outside} rows of days before the arena or after today")
    return list(dict.fromkeys(found))


def first_day(today: date) -> date:
    """The day on which the arena began: the first listener, tournament or vote."""
    moments = [
        User.objects.aggregate(at=Min("date_joined"))["at"],
        Tournament.objects.aggregate(at=Min("created_at"))["at"],
        Vote.objects.aggregate(at=Min("created_at"))["at"],
    ]
    return min([at.date() for at in moments if at is not None], default=today)


def _replace(first: date, last: date, counts: Counts, *, seen: int, now: datetime) -> bool:
    """False, and nothing is written, where somebody else has written since the mark was seen."""
    days, weeks = (first, last), (monday_of(first), monday_of(last))
    with transaction.atomic():
        if not RollupMark.objects.filter(pk=MARK_PK, n_writes=seen).update(n_writes=seen + 1):
            return False
        DailyMixer.objects.filter(day__range=days).delete()
        DailyListener.objects.filter(day__range=days).delete()
        DailyArena.objects.filter(day__range=days).delete()
        WeeklyCohort.objects.filter(week__range=weeks).delete()
        DailyMixer.objects.bulk_create(
            [
                DailyMixer(
                    day=day, mixer_id=mixer, genre=genre,
                    n_wins=row[0], n_losses=row[1], n_ties=row[2], n_neither=row[3], rating=row[4],
                )
                for (day, mixer, genre), row in _mixer_rows(counts).items()
            ],
            batch_size=_LOOKUP,
        )  # fmt: skip
        DailyListener.objects.bulk_create(counts.listeners.values(), batch_size=_LOOKUP)
        DailyArena.objects.bulk_create(
            [DailyArena(day=day, counters=counters, made_at=now) for day, counters in counts.arena.items()]
        )
        WeeklyCohort.objects.bulk_create(
            [WeeklyCohort(cohort=cohort, week=week, n_active=n) for (cohort, week), n in counts.cohorts.items()],
            batch_size=_LOOKUP,
        )
    return True


def _mixer_rows(counts: Counts) -> dict[MixerKey, tuple[Any, ...]]:
    keys = dict.fromkeys(chain(counts.mixers, counts.ratings))
    return {key: (*counts.mixers.get(key, (0, 0, 0, 0)), counts.ratings.get(key)) for key in keys}


def _listener_rows(counts: Counts) -> dict[ListenerKey, tuple[Any, ...]]:
    return {key: _listener_values(row) for key, row in counts.listeners.items()}


def _stored_mixers(first: date, last: date) -> dict[MixerKey, tuple[Any, ...]]:
    rows = DailyMixer.objects.filter(day__range=(first, last))
    return {
        (row.day, row.mixer_id, row.genre): (row.n_wins, row.n_losses, row.n_ties, row.n_neither, row.rating)
        for row in rows.iterator(_BATCH)
    }


def _stored_listeners(first: date, last: date) -> dict[ListenerKey, tuple[Any, ...]]:
    rows = DailyListener.objects.filter(day__range=(first, last))
    return {(row.user_id, row.day): _listener_values(row) for row in rows.iterator(_BATCH)}


def _listener_values(row: DailyListener) -> tuple[Any, ...]:
    return (row.n_votes, row.n_ties, row.n_neither, row.confidence, row.mixers, row.n_started, row.n_finished)


def _unequal(name: str, stored: dict[Any, Any], counted: dict[Any, Any]) -> list[str]:
    keys = [key for key in {**counted, **stored} if stored.get(key) != counted.get(key)]
    return [f"{name} {_words(key)}: stored {stored.get(key)}, counted {counted.get(key)}" for key in keys]


def _words(key: Any) -> str:
    return ", ".join(str(part) or "overall" for part in key) if isinstance(key, tuple) else str(key)


def _stale_days(upto: int, today: date) -> list[date]:
    first = first_day(today)
    days = {first + i * DAY for i in range((today - first).days + 1)}
    known = set(DailyArena.objects.values_list("day", flat=True))
    found = {today, today - DAY} | (days - known)
    news = LedgerEvent.objects.filter(number__gt=upto).order_by()
    votes = news.filter(kind=LedgerEvent.Kind.VOTE).annotate(day=TruncDate("vote__created_at"))
    found |= set(votes.values_list("day", flat=True).distinct())
    verdicts = news.filter(kind=LedgerEvent.Kind.VERDICT).values_list("payload", flat=True)
    judged = {payload["event"] for payload in verdicts}
    numbers = sorted(judged)
    moved = [
        Vote.objects.filter(event__number__in=numbers[i : i + _LOOKUP]).aggregate(at=Min("created_at"))["at"]
        for i in range(0, len(numbers), _LOOKUP)
    ]
    since = min((at.date() for at in moved if at is not None), default=None)
    if since is not None:
        found |= {day for day in days if day >= since}
    found |= _days_with_other_voids()
    return sorted(found & days)


def _days_with_other_voids() -> set[date]:
    """Days of which a battle was broken off after they were counted."""
    voided = Battle.objects.filter(state=Battle.State.VOIDED).annotate(day=TruncDate("created_at"))
    now = dict(voided.order_by().values("day").annotate(n=Count("pk")).values_list("day", "n"))
    stored = dict(DailyArena.objects.values_list("day", "counters__battles_voided"))
    return {day for day in now.keys() | stored.keys() if now.get(day, 0) != (stored.get(day) or 0)}


def _runs(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Days in a row, at most MAX_DAYS together."""
    begin = end = None
    for day in days:
        if begin is not None and end is not None and day == end + DAY and (day - begin).days < MAX_DAYS:
            end = day
            continue
        if begin is not None and end is not None:
            yield begin, end
        begin = end = day
    if begin is not None and end is not None:
        yield begin, end


def _spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    return _runs([first + i * DAY for i in range((last - first).days + 1)])


def _mark() -> RollupMark:
    return RollupMark.objects.get_or_create(pk=MARK_PK)[0]
