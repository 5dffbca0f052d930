"""Finished mixes as files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from ninja import Path, Router

from api.errors import ApiError
from api.schemas.mixes import ExportIn, ExportOut
from api.sound import sound
from api.tokens import ApiRequest, scoped
from tournaments.access import export_for_owner, heard_mix_for_owner, tournament_for_owner
from tournaments.errors import TournamentRunning
from tournaments.models import Export
from tournaments.selectors.downloads import download_of
from tournaments.services.exports import formats_of, request_export

router = Router()

Number = Path(ge=1, le=2**63 - 1)


class NoSuchFormat(ApiError):
    """A format that this mix cannot be had in."""

    status = 422


@router.post("/tournaments/{uuid:tournament}/exports", response={202: ExportOut}, **scoped("play"))
def make_export(request: ApiRequest, tournament: UUID, wanted: ExportIn) -> dict[str, Any]:
    """Have a file made of a mix of a finished tournament. Asking twice is asking once."""
    row = tournament_for_owner(request.user, tournament)
    if row.taken is None:
        raise TournamentRunning(
            "This tournament has no mixes to take yet. Play its rounds to the end first.",
            code="tournament_not_finished",
        )
    mix = heard_mix_for_owner(request.user, row, wanted.mix or row.taken.public_id)
    if wanted.format not in formats_of(mix):
        raise NoSuchFormat("A song of a single file has no stems. Choose another format.", code="no_stems")
    return export_out(request_export(mix=mix, format=wanted.format))


@router.get("/exports/{int:number}", response=ExportOut, **scoped("read"))
def get_export(request: ApiRequest, number: int = Number) -> dict[str, Any]:
    """How far a file has come. Ask until its state is no longer `queued`."""
    return export_out(export_for_owner(request.user, number))


@router.get("/exports/{int:number}/file", **scoped("read", sends="*/*"))
def download(request: ApiRequest, number: int = Number) -> HttpResponseBase:
    """The file; byte ranges are understood."""
    export = export_for_owner(request.user, number)
    if export.state != Export.State.READY:
        raise Http404
    content_type, name = download_of(export)
    return sound(request, export.file.path, content_type, etag=f"export-{export.pk}", download_name=name)


def export_out(export: Export) -> dict[str, Any]:
    """A file as it is shown."""
    is_ready = export.state == Export.State.READY
    return {
        "id": export.pk,
        "mix": export.mix.public_id,
        "format": export.format,
        "state": export.state,
        "reason": export.reason,
        "loudness_lufs": export.loudness_lufs,
        "true_peak_dbtp": export.true_peak_dbtp,
        "url": reverse("api:download", args=[export.pk]) if is_ready else None,
    }
