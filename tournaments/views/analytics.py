"""Numbers: of the arena for its curators, and of each listener for themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tournaments.selectors.analytics import SECTIONS, Page, own_page
from tournaments.spans import SpanForm, last_days
from tournaments.views.visitors import ListenerRequest, listener_required

if TYPE_CHECKING:
    from collections.abc import Callable

    from tournaments.spans import Span

PRESETS = ((30, "30 days"), (90, "90 days"), (365, "A year"))


@never_cache
@listener_required
@require_safe
def arena(request: ListenerRequest, section: str = "arena") -> HttpResponse:
    """One section of the arena's numbers; only curators know that it is there."""
    if not request.user.is_staff or section not in SECTIONS:
        raise Http404
    found = SECTIONS[section]
    return _answer(request, f"analytics-{section}", found.make, {"section": found, "sections": SECTIONS.values()})


@never_cache
@listener_required
@require_safe
def own(request: ListenerRequest) -> HttpResponse:
    """The listener's own patterns."""
    return _answer(request, "my-votes", partial(own_page, request.user), {"section": None})


def _answer(
    request: ListenerRequest, name: str, make: Callable[[Span], Page], context: dict[str, object]
) -> HttpResponse:
    """A page, or one of its tables as CSV: `?format=csv&table=` with a figure's name, the first where none is said."""
    today = timezone.now().date()
    form = SpanForm(request.GET, today=today)
    span = form.span
    status = 200 if form.is_valid() else 422
    page = make(span)
    if request.GET.get("format") == "csv" and form.is_valid():
        return csv_answer(page, request.GET.get("table", page.figures[0].slug), name, span)
    presets = [(label, last_days(today, n)) for n, label in PRESETS]
    context |= {"page": page, "form": form, "span": span, "presets": presets}
    return render(request, "tournaments/analytics.html", context, status=status)


def csv_answer(page: Page, table: str, name: str, span: Span) -> HttpResponse:
    """One table of a page as a file. Raises Http404 for one that it does not have."""
    figure = next((figure for figure in page.figures if figure.slug == table), None)
    if figure is None:
        raise Http404
    file_name = f"{name}-{figure.slug}-{span.first}-{span.last}.csv"
    return HttpResponse(
        figure.to_csv(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
