"""What the sections of the numbers are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tournaments.drawings.days import draw_columns, draw_days
from tournaments.models import DailyArena
from tournaments.selectors.figures import Column, Figure, Value, columns, ratio, wilson, written
from tournaments.services.day_counts import EMPTY, N_CONFIDENCE_BINS

if TYPE_CHECKING:
    from tournaments.spans import Span


N_CURVES = 6
BIN_LABELS = tuple(f"{10 * i}–{10 * i + (10 if i == N_CONFIDENCE_BINS - 1 else 9)} %" for i in range(N_CONFIDENCE_BINS))
SHORT_LABELS = tuple(str(10 * i) for i in range(N_CONFIDENCE_BINS))
INTERVAL = (Column("Low", "share"), Column("High", "share"))
DAY_COLUMN, MIXER_COLUMN = Column("Day", "text"), Column("Mixer", "text")


@dataclass(frozen=True)
class Fact:
    """A total over all the days."""

    label: str
    value: str


@dataclass(frozen=True)
class Page:
    """Totals and figures of one section; `made_at` is when the newest of its days was counted."""

    figures: tuple[Figure, ...]
    facts: tuple[Fact, ...]
    made_at: datetime | None


@dataclass(frozen=True)
class Section:
    """A page of the arena's numbers."""

    slug: str
    title: str
    make: Callable[[Span], Page]


def days_of(span: Span) -> tuple[dict[date, dict[str, Any]], datetime | None]:
    """The counters of the days that were counted, oldest first, each with every name."""
    rows = list(DailyArena.objects.filter(day__range=(span.first, span.last)))
    return {row.day: {**EMPTY, **row.counters} for row in rows}, max((row.made_at for row in rows), default=None)


def day_rows(days: Mapping[date, Mapping[str, int]], names: Iterable[str]) -> tuple[tuple[Value, ...], ...]:
    """The newest first, as one wants to read them."""
    names = list(names)
    return tuple((day, *(numbers[name] for name in names)) for day, numbers in reversed(list(days.items())))


def day_lines(days: Mapping[date, Mapping[str, int]], labels: Mapping[str, str]) -> Any:
    series = [(label, [float(numbers[name]) for numbers in days.values()]) for name, label in labels.items()]
    return draw_days(list(days), series)


def facts_of(days: Mapping[date, Mapping[str, int]], labels: Mapping[str, str]) -> tuple[Fact, ...]:
    return tuple(
        Fact(label, written("count", sum(numbers[name] for numbers in days.values()))) for name, label in labels.items()
    )


def summed(found: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for numbers in found:
        for name, n in numbers.items():
            sums[name] += n
    return dict(sums)


def win_rate(numbers: Sequence[int]) -> tuple[float | None, float | None, float | None]:
    return wilson(numbers[0], numbers[0] + numbers[1])


def rate_of(numbers: Sequence[int]) -> float:
    return win_rate(numbers)[0] or 0.0


def confidence_figure(bins: Sequence[int]) -> Figure:
    n = sum(bins)
    return Figure(
        "confidence",
        "How sure",
        (Column("Confidence", "text"), *columns("Votes"), Column("Share", "share")),
        tuple((label, count, ratio(count, n)) for label, count in zip(BIN_LABELS, bins, strict=True)) if n else (),
        text="Of all votes but “neither”. A column begins at the number under it, in %.",
        bars=draw_columns(SHORT_LABELS, bins),
        empty="No votes in these days.",
        is_folded=True,
    )
