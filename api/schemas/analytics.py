"""Numbers, as pages show them."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Field, Schema


class SpanIn(Schema):
    """Which days to look at, both ends included; at most two years."""

    since: date | None = Field(None, description="Left out: 90 days up to today.")
    until: date | None = Field(None, description="Left out: today.")


class FactOut(Schema):
    """A total over all the days, as it is written."""

    label: str
    value: str


class ColumnOut(Schema):
    """What a column holds: `kind` is text, count, share (0 to 1), points, seconds or measure."""

    label: str
    kind: str


class FigureOut(Schema):
    """A table. Days are written as 2026-01-31; null is nothing to tell."""

    table: str
    title: str
    text: str
    columns: list[ColumnOut]
    rows: list[list[str | int | float | date | None]]


class NumbersOut(Schema):
    """Totals and tables of some days; `made_at` is when the newest of them was counted."""

    since: date
    until: date
    made_at: datetime | None
    facts: list[FactOut]
    figures: list[FigureOut]
