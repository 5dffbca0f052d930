"""How long jobs take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tournaments.drawings.days import draw_days
from tournaments.selectors.analytics.parts import N_CURVES, Page, days_of, summed
from tournaments.selectors.figures import Column, Figure, columns, ratio
from tournaments.services.day_counts import seconds_of

if TYPE_CHECKING:
    from tournaments.spans import Span

PERCENTILES = (0.5, 0.9, 0.99)


def job_page(span: Span) -> Page:
    """How long jobs take, and how many fail."""
    days, made_at = days_of(span)
    names = sorted({name for counters in days.values() for name in counters["jobs"]})
    rows, lines = [], []
    for name in names:
        jobs = [counters["jobs"].get(name, {"bins": {}, "failed": 0}) for counters in days.values()]
        bins = summed(job["bins"] for job in jobs)
        n, failed = sum(bins.values()), sum(job["failed"] for job in jobs)
        rows.append((name, n, *(percentile(bins, share) for share in PERCENTILES), failed, ratio(failed, n + failed)))
        lines.append((name, [percentile(job["bins"], 0.9) for job in jobs]))
    figure = Figure(
        "jobs",
        "Jobs",
        (
            Column("Job", "text"),
            *columns("Done"),
            *columns("p50", "p90", "p99", kind="seconds"),
            *columns("Failed"),
            Column("Failure rate", "share"),
        ),
        tuple(rows),
        text="From being asked for to being there, waiting included, unless it says work alone. Percentiles come from "
        "counts in bins 12 % wide. The lines are the p90 in seconds, a day.",
        lines=draw_days(list(days), lines[:N_CURVES], is_from_zero=False, is_log=True),
        empty="No job ended in these days.",
    )
    return Page((figure,), (), made_at)


def percentile(bins: Mapping[str, int], share: float) -> float | None:
    """The duration that a share of them stays below, in seconds, evenly spread inside of a bin; None of nothing."""
    n = sum(bins.values())
    wanted, below = share * n, 0
    for place in sorted(map(int, bins)):
        here = bins[str(place)]
        if below + here >= wanted:
            return seconds_of(place + (wanted - below) / here)
        below += here
    return None
