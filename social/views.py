"""The public page of a result, for whoever has its link."""

from __future__ import annotations

from pathlib import Path

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mixarena.web.ranges import file_response
from social.selectors import shared_preview, shared_result
from tournaments.access import shared_tournament


@require_safe
def result(request: HttpRequest, token: str) -> HttpResponse:
    """A result that its owner shares."""
    return render(request, "social/result.html", {"shared": shared_result(shared_tournament(token))})


async def sound(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    """The mix, or the upload beside it."""
    path = await sync_to_async(_path)(token, pk)
    return await file_response(request, path, "audio/wav", etag=f"preview-{pk}")


def _path(token: str, pk: int) -> Path:
    return Path(shared_preview(shared_tournament(token), pk).file.path)
