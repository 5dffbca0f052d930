"""Numbers: your own, and for curators the arena's."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router

from api.errors import InvalidForm
from api.schemas.analytics import NumbersOut, SpanIn
from api.tokens import ApiRequest, scoped
from tournaments.selectors.analytics import SECTIONS, own_page
from tournaments.selectors.analytics import Page as Numbers
from tournaments.spans import Span, SpanForm
from tournaments.views.analytics import csv_answer

router = Router()

Section = Path(max_length=20, description=f"One of {', '.join(SECTIONS)}.")
Table = Path(max_length=40, description="The name of a figure's table.")


@router.get("/me/analytics", response=NumbersOut, **scoped("read"))
def own_numbers(request: ApiRequest, span: Query[SpanIn]) -> dict[str, Any]:
    """Your own voting patterns: votes a day, how sure you were, and the mixers that you heard."""
    days = _days(span)
    return _numbers(own_page(request.user, days), days)


@router.get("/me/analytics/{slug:table}.csv", **scoped("read", sends="text/csv", in_ranges=False))
def own_numbers_csv(request: ApiRequest, span: Query[SpanIn], table: str = Table) -> HttpResponse:
    """One of these tables as CSV."""
    days = _days(span)
    return csv_answer(own_page(request.user, days), table, "my-votes", days)


@router.get("/analytics/{slug:section}", response=NumbersOut, **scoped("analytics"))
def arena_numbers(request: ApiRequest, span: Query[SpanIn], section: str = Section) -> dict[str, Any]:
    """A section of the arena's numbers; only its curators know that it is there."""
    days = _days(span)
    return _numbers(_section(request, section, days), days)


@router.get("/analytics/{slug:section}/{slug:table}.csv", **scoped("analytics", sends="text/csv", in_ranges=False))
def arena_numbers_csv(
    request: ApiRequest, span: Query[SpanIn], section: str = Section, table: str = Table
) -> HttpResponse:
    """One of its tables as CSV."""
    days = _days(span)
    return csv_answer(_section(request, section, days), table, f"analytics-{section}", days)


def _days(span: SpanIn) -> Span:
    given = {name: day.isoformat() for name, day in span.dict(exclude_none=True).items()}
    form = SpanForm(given, today=timezone.now().date())
    if not form.is_valid():
        raise InvalidForm.of(form)
    return form.span


def _section(request: ApiRequest, section: str, days: Span) -> Numbers:
    if not request.user.is_staff or section not in SECTIONS:
        raise Http404
    return SECTIONS[section].make(days)


def _numbers(page: Numbers, days: Span) -> dict[str, Any]:
    return {
        "since": days.first,
        "until": days.last,
        "made_at": page.made_at,
        "facts": page.facts,
        "figures": [
            {
                "table": figure.slug,
                "title": figure.title,
                "text": figure.text,
                "columns": figure.columns,
                "rows": figure.rows,
            }
            for figure in page.figures
        ],
    }
