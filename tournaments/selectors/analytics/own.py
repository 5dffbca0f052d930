"""A listener's own numbers."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from evolution.models import Mixer
from tournaments.models import DailyArena, DailyListener
from tournaments.selectors.analytics.parts import (
    DAY_COLUMN,
    INTERVAL,
    MIXER_COLUMN,
    Fact,
    Page,
    confidence_figure,
    day_lines,
    day_rows,
    facts_of,
    rate_of,
    win_rate,
)
from tournaments.selectors.figures import Column, Figure, columns, ratio, totals, written
from tournaments.services.day_counts import N_CONFIDENCE_BINS

if TYPE_CHECKING:
    from accounts.models import User
    from tournaments.spans import Span


def own_page(user: User, span: Span) -> Page:
    """A listener's own voting patterns."""
    stored = {row.day: row for row in DailyListener.objects.filter(user=user, day__range=(span.first, span.last))}
    days: dict[date, dict[str, Any]] = {}
    for day in span.days if stored else []:
        row = stored.get(day) or DailyListener(day=day)
        days[day] = {name: getattr(row, name) for name in ("n_votes", "n_ties", "n_neither", "n_started", "n_finished")}
    labels = {
        "n_votes": "Votes",
        "n_ties": "Ties",
        "n_neither": "Neither",
        "n_started": "Tournaments started",
        "n_finished": "Tournaments finished",
    }
    votes = Figure(
        "votes",
        "Votes a day",
        (DAY_COLUMN, *columns(*labels.values())),
        day_rows({day: numbers for day, numbers in days.items() if any(numbers.values())}, labels),
        lines=day_lines(days, {"n_votes": "Votes"}),
        empty="No votes in these days.",
        is_folded=True,
    )
    sure = confidence_figure(totals((row.confidence for row in stored.values()), N_CONFIDENCE_BINS))
    results: dict[int, list[int]] = defaultdict(lambda: [0] * 4)
    for row in stored.values():
        for pk, numbers in row.mixers.items():
            results[int(pk)] = [a + b for a, b in zip(results[int(pk)], numbers, strict=True)]
    names = dict(Mixer.objects.filter(pk__in=results).values_list("pk", "nickname"))
    heard = sorted(names, key=lambda pk: (-rate_of(results[pk]), -sum(results[pk])))
    mixers = Figure(
        "mixers",
        "Mixers that you heard",
        (
            MIXER_COLUMN,
            *columns("Preferred", "Passed over", "Ties", "Neither"),
            Column("Preferred, of decided", "share"),
            *INTERVAL,
        ),
        tuple((names[pk], *results[pk], *win_rate(results[pk])) for pk in heard),
        text="Blind, so it is your ears that say this. The interval is Wilson's, 95 %: with few votes it is wide.",
        empty="No votes in these days.",
    )
    facts = [*facts_of(days, labels)] if days else []
    started, finished = (sum(day[name] for day in days.values()) for name in ("n_started", "n_finished"))
    if started:
        facts.append(Fact("Finished, of started", written("share", ratio(finished, started))))
    made_at = DailyArena.objects.aggregate(at=Max("made_at"))["at"]
    return Page((votes, sure, mixers), tuple(facts), made_at)
