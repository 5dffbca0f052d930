"""The family tree of all mixers, as a page and as files."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from evolution.models import Mixer
from tournaments.selectors.family_files import family_graphml, family_json
from tournaments.selectors.family_tree import FamilyTree, family_tree

SHOWN = ("living", "all")
VIEWS = ("drawing", "table")


@require_safe
def family(request: HttpRequest) -> HttpResponse:
    """`?show=` living mixers with their ancestors (or all), `?of=` one mixer's line, `?as=` a drawing or a table."""
    shown_as = _choice(request, "as", VIEWS)
    context = {"tree": _tree(request), "is_all": request.GET.get("show") == "all", "is_table": shown_as == "table"}
    return render(request, "tournaments/family.html", context)


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """What the page shows, for programs."""
    return _file(JsonResponse(family_json(_tree(request))), "json")


@require_safe
def as_graphml(request: HttpRequest) -> HttpResponse:
    """What the page shows, for graph tools."""
    return _file(HttpResponse(family_graphml(_tree(request)), content_type="application/graphml+xml"), "graphml")


def _tree(request: HttpRequest) -> FamilyTree:
    is_all = _choice(request, "show", SHOWN) == "all"
    slug = request.GET.get("of")
    return family_tree(of=get_object_or_404(Mixer, slug=slug) if slug else None, is_all=is_all)


def _choice(request: HttpRequest, name: str, choices: tuple[str, ...]) -> str:
    value = request.GET.get(name) or choices[0]
    if value not in choices:
        raise Http404
    return value


def _file(response: HttpResponse, ending: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="mixarena-family.{ending}"'
    return response
