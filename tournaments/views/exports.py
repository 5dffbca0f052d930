"""Asking for a finished mix as a file, and waiting for it."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from tournaments.access import export_for_owner, heard_mix_for_owner, tournament_for_owner
from tournaments.forms import ExportForm
from tournaments.selectors.downloads import file_name
from tournaments.selectors.results import export_line
from tournaments.services.bundles import settings_json
from tournaments.services.exports import formats_of, request_export
from tournaments.views.visitors import ListenerRequest, listener_required


@listener_required
@require_POST
def make(request: ListenerRequest, public_id: UUID, mix_id: UUID) -> HttpResponse:
    """Ask for a format; asking twice is asking once."""
    tournament = tournament_for_owner(request.user, public_id)
    mix = heard_mix_for_owner(request.user, tournament, mix_id)
    form = ExportForm(request.POST)
    if not form.is_valid():
        raise BadRequest("unknown format")
    if form.cleaned_data["format"] not in formats_of(mix):
        raise BadRequest("a single file has no stems")
    export = request_export(mix=mix, format=form.cleaned_data["format"])
    if not request.htmx:
        return redirect("tournaments:tournament", public_id)
    line = export_line(mix, export.format, export)
    return render(request, "tournaments/_export.html", {"line": line, "mix": mix, "tournament": tournament})


@listener_required
@require_safe
def settings(request: ListenerRequest, public_id: UUID, mix_id: UUID) -> HttpResponse:
    """A mix's settings as JSON, to keep or to set by hand elsewhere."""
    tournament = tournament_for_owner(request.user, public_id)
    mix = heard_mix_for_owner(request.user, tournament, mix_id)
    return HttpResponse(
        settings_json(mix),
        content_type="application/json",
        headers={
            "Content-Disposition": content_disposition_header(as_attachment=True, filename=f"{file_name(mix)}.json")
            or ""
        },
    )


@listener_required
@require_safe
def export(request: ListenerRequest, public_id: UUID, pk: int) -> HttpResponse:
    """How far a file has come."""
    tournament = tournament_for_owner(request.user, public_id)
    export = export_for_owner(request.user, pk)
    line = export_line(export.mix, export.format, export)
    return render(request, "tournaments/_export.html", {"line": line, "mix": export.mix, "tournament": tournament})
