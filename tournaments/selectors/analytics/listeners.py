"""How listeners vote, and whether they come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tournaments.drawings.days import draw_days
from tournaments.models import DailyArena, WeeklyCohort
from tournaments.selectors.analytics.parts import DAY_COLUMN, Page, confidence_figure, days_of, facts_of
from tournaments.selectors.figures import Column, Figure, columns, ratio, totals
from tournaments.services.day_counts import N_CONFIDENCE_BINS, monday_of

if TYPE_CHECKING:
    from tournaments.spans import Span

N_RETENTION_WEEKS = 12


def listener_page(span: Span) -> Page:
    """How listeners vote, whether they finish, and whether they come back."""
    days, made_at = days_of(span)
    votes = Figure(
        "votes",
        "Votes a day and listener",
        (DAY_COLUMN, *columns("Votes", "Listeners"), Column("Votes each", "measure")),
        tuple(
            (day, counters["votes"], counters["listeners"], ratio(counters["votes"], counters["listeners"]))
            for day, counters in days.items()
        ),
        lines=draw_days(
            list(days),
            [("Votes each", [ratio(counters["votes"], counters["listeners"]) for counters in days.values()])],
        ),
        is_folded=True,
    )
    sure = confidence_figure(totals((counters["confidence"] for counters in days.values()), N_CONFIDENCE_BINS))
    facts = facts_of(days, {"votes": "Votes", "tournaments_started": "Started", "tournaments_finished": "Finished"})
    return Page((votes, sure, _completion(days), _retention(span)), facts, made_at)


def _completion(days: Mapping[date, Mapping[str, int]]) -> Figure:
    names = ("tournaments_started", "tournaments_finished", "tournaments_failed")
    weeks: dict[date, list[int]] = defaultdict(lambda: [0] * 3)
    for day, counters in days.items():
        weeks[monday_of(day)] = [n + counters[name] for n, name in zip(weeks[monday_of(day)], names, strict=True)]
    series = list(zip(("Started", "Finished", "Failed"), zip(*weeks.values(), strict=True), strict=False))
    return Figure(
        "completion",
        "Tournaments a week",
        (
            Column("Week from", "text"),
            *columns("Started", "Finished", "Failed"),
            Column("Finished, of started", "share"),
        ),
        tuple((week, *numbers, ratio(numbers[1], numbers[0])) for week, numbers in reversed(list(weeks.items())))
        if any(map(any, weeks.values()))
        else (),
        text="Each is counted in its own week: one started on a Sunday may be finished in the next.",
        lines=draw_days(list(weeks), series),
        empty="No tournament began or ended in these days.",
        is_folded=True,
    )


def _retention(span: Span) -> Figure:
    """A triangle: sign-up weeks down, weeks since then across."""
    first = monday_of(span.first)
    sizes: dict[date, int] = defaultdict(int)
    for day, n in DailyArena.objects.filter(day__range=(first, span.last)).values_list("day", "counters__sign_ups"):
        sizes[monday_of(day)] += n or 0
    active = {
        (row.cohort, row.week): row.n_active
        for row in WeeklyCohort.objects.filter(cohort__range=(first, span.last), week__lte=span.last)
    }
    rows = []
    for cohort, size in sizes.items():
        if not size:
            continue
        n_weeks = (monday_of(span.last) - cohort).days // 7 + 1
        shares: list[float | None] = [
            ratio(active.get((cohort, cohort + i * timedelta(days=7)), 0), size) if i < n_weeks else None
            for i in range(N_RETENTION_WEEKS)
        ]
        rows.append((cohort, size, *shares))
    return Figure(
        "retention",
        "Retention",
        (
            Column("Signed up in week from", "text"),
            *columns("Listeners"),
            *(Column(f"Week {i}", "share", is_shaded=True) for i in range(N_RETENTION_WEEKS)),
        ),
        tuple(rows),
        text="Of those who signed up in a week: how many voted, finished a tournament or did something else that counts"
        ", in that week and in those after it.",
        empty="Nobody signed up in these days.",
    )
