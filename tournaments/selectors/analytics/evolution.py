"""Births, rejections, and offspring against their parents."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tournaments.selectors.analytics.parts import (
    DAY_COLUMN,
    INTERVAL,
    Page,
    day_lines,
    day_rows,
    days_of,
    facts_of,
    summed,
)
from tournaments.selectors.figures import Column, Figure, columns, wilson

if TYPE_CHECKING:
    from tournaments.spans import Span


def evolution_page(span: Span) -> Page:
    """Births and rejections, and what offspring do against their parents."""
    days, made_at = days_of(span)
    outcomes = ("born", "rejected", "breedings_failed")
    sums = {name: summed(counters[name] for counters in days.values()) for name in outcomes}
    duels: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    for counters in days.values():
        for generation, numbers in counters["against_parents"].items():
            duels[generation] = [a + b for a, b in zip(duels[generation], numbers, strict=True)]
    rows = []
    for generation in sorted({*duels, *(g for found in sums.values() for g in found)}, key=int):
        born, rejected, failed = (sums[name].get(generation, 0) for name in outcomes)
        wins, losses, ties, _ = duels[generation]
        born_rate, duel_rate = wilson(born, born + rejected), wilson(wins, wins + losses)
        rows.append((int(generation), born, rejected, failed, *born_rate, wins, losses, ties, *duel_rate))
    generations = Figure(
        "generations",
        "By generation",
        (
            *columns("Generation", "Born", "Rejected", "Failed"),
            Column("Passed the gate", "share"),
            *INTERVAL,
            *columns("Beat a parent", "Lost to a parent", "Tied"),
            Column("Wins against parents", "share"),
            *INTERVAL,
        ),
        tuple(rows),
        text="Each vote on an offspring and one of its two parents counts once. The intervals are Wilson's, 95 %.",
        empty="No breeding ended in these days.",
    )
    daily = {day: {name: sum(counters[name].values()) for name in outcomes} for day, counters in days.items()}
    labels = {"born": "Born", "rejected": "Rejected", "breedings_failed": "Failed"}
    births = Figure(
        "births",
        "Births a day",
        (DAY_COLUMN, *columns(*labels.values())),
        day_rows(daily, labels),
        lines=day_lines(daily, labels),
        empty="No breeding ended in these days.",
        is_folded=True,
    )
    return Page((generations, births), facts_of(daily, labels), made_at)
