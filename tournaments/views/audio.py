"""Sound, always after a check of who may hear it, and by byte range."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase

from mixarena.web.ranges import file_response
from tournaments.access import ballot_for_voter, export_for_owner, preview_for_listener
from tournaments.models import Export
from tournaments.selectors.ballots import side_preview
from tournaments.selectors.downloads import download_of
from tournaments.views.visitors import login_response, voter_of

if TYPE_CHECKING:
    from accounts.models import User


async def ballot_audio(request: HttpRequest, token: str, side: str) -> HttpResponseBase:
    """One side of a ballot. Both sides have the same length, and nothing in the headers tells them apart."""
    voter = await sync_to_async(voter_of)(request)
    if voter is None:
        return login_response(request)
    path = await sync_to_async(_ballot_path)(voter, token, side)
    response = await file_response(request, path, "audio/wav")
    # A ballot's sound must not outlive it in a cache where sides could be compared between ballots.
    response["Cache-Control"] = "private, no-store"
    return response


async def preview_audio(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A preview whose mixer is known to the listener, or the upload's own."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    preview = await sync_to_async(preview_for_listener)(user, pk)
    return await file_response(request, Path(preview.file.path), "audio/wav", etag=f"preview-{pk}")


async def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A full-length mix as a file."""
    user = await request.auser()
    if not user.is_authenticated:
        return login_response(request)
    export = await sync_to_async(export_for_owner)(user, pk)
    if export.state != Export.State.READY:
        raise Http404
    content_type, name = await sync_to_async(download_of)(export)
    return await file_response(request, Path(export.file.path), content_type, etag=f"export-{pk}", download_name=name)


def _ballot_path(user: User, token: str, side: str) -> Path:
    preview = side_preview(ballot_for_voter(user, token), side)
    if preview is None:
        raise Http404
    return Path(preview.file.path)
