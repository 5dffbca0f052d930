"""Finished mixes: what they did, versions of them, and which one is taken home."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import File, Form, Router, UploadedFile

from api.errors import InvalidForm
from api.routers.exports import export_out
from api.routers.tournaments import result_out
from api.schemas.mixes import NudgeIn, RecipeOut, WordsIn
from api.schemas.tournaments import ResultOut, TakeIn
from api.throttling import take
from api.tokens import ApiRequest, scoped
from mixing.console.nudge import Nudge, off
from tournaments.access import heard_mix_for_owner, tournament_for_owner
from tournaments.forms import NudgeForm
from tournaments.models import Mix, Tournament
from tournaments.selectors.recipes import recipe
from tournaments.services.bundles import settings_json
from tournaments.services.nudges import nudge_mix, nudge_shown
from tournaments.services.tournaments import choose_other

router = Router()


@router.get("/tournaments/{uuid:tournament}/mixes/{uuid:mix}", response=RecipeOut, **scoped("read"))
def get_recipe(request: ApiRequest, tournament: UUID, mix: UUID) -> dict[str, Any]:
    """What a mix of a finished tournament did, and what can be changed. Ask for a version until it is `ready`."""
    return _recipe(*_mix(request, tournament, mix))


@router.get(
    "/tournaments/{uuid:tournament}/mixes/{uuid:mix}/settings.json",
    **scoped("read", sends="application/json", in_ranges=False),
)
def get_settings(request: ApiRequest, tournament: UUID, mix: UUID) -> HttpResponse:
    """A mix's settings in physical units, to keep or to set by hand elsewhere; as a REAPER project it is a file."""
    return HttpResponse(settings_json(_mix(request, tournament, mix)[1]), content_type="application/json")


@router.post("/tournaments/{uuid:tournament}/mixes/{uuid:mix}/versions", response={202: RecipeOut}, **scoped("play"))
def make_version(request: ApiRequest, tournament: UUID, mix: UUID, nudge: NudgeIn) -> dict[str, Any]:
    """Have a version of a mix made with your changes; the mixer's own stays."""
    row, heard = _mix(request, tournament, mix)
    values = {path: off(path) if value is None else value for path, value in nudge.values.items()}
    percent = {name: getattr(nudge, name) / 100.0 for name in ("brightness", "loudness", "width", "punch", "strength")}
    wanted = Nudge(**percent, locks=tuple(nudge.locks), values=values)
    return _recipe(row, nudge_mix(mix=heard, nudge=wanted))


@router.post("/tournaments/{uuid:tournament}/mixes/{uuid:mix}/references", response={202: RecipeOut}, **scoped("play"))
def follow_reference(
    request: ApiRequest,
    tournament: UUID,
    mix: UUID,
    reference: UploadedFile = File(..., description="A recording; it is measured and then deleted."),
    words: WordsIn = Form(...),
) -> dict[str, Any]:
    """Have a version made that comes near to a recording in tone, width and loudness."""
    row, heard = _mix(request, tournament, mix)
    take(name=f"uploads-{request.user.pk}", limit=settings.API_UPLOADS_PER_HOUR, window_s=3600)
    form = NudgeForm(words.dict(), MultiValueDict({"reference": [reference]}))
    if not form.is_valid():
        raise InvalidForm.of(form)
    wanted = form.nudge(Nudge())
    return _recipe(row, nudge_mix(mix=heard, nudge=wanted, reference=reference, reference_name=reference.name or ""))


@router.put("/tournaments/{uuid:tournament}/taken", response=ResultOut, **scoped("play"))
def take_mix(request: ApiRequest, tournament: UUID, chosen: TakeIn) -> dict[str, Any]:
    """Take home another mix than the champion's, a version of one, or the champion's again."""
    row, mix = _mix(request, tournament, chosen.mix)
    return result_out(choose_other(tournament=row, mix=mix), request.user)


def _mix(request: ApiRequest, tournament: UUID, mix: UUID) -> tuple[Tournament, Mix]:
    row = tournament_for_owner(request.user, tournament)
    return row, heard_mix_for_owner(request.user, row, mix)


def _recipe(tournament: Tournament, mix: Mix) -> dict[str, Any]:
    page, nudge = recipe(tournament, mix), nudge_shown(mix)
    return {
        "mix": mix.public_id,
        "mixer": mix.mixer.slug,
        "nickname": mix.mixer.nickname,
        "origin": page.origin.public_id,
        "state": mix.state,
        "reason": mix.reason,
        "reference": mix.reference_name,
        "is_taken": page.is_taken,
        "loudness_before_lufs": page.loudness_before,
        "loudness_after_lufs": page.loudness_after,
        "deeds": page.deeds,
        "why": page.why,
        "why_quieter": page.why_quieter,
        "strips": page.strips,
        "nudge": {
            **{macro.name: macro.percent for macro in page.macros},
            "strength": page.strength_percent,
            "locks": page.locks,
            "values": nudge.to_dict()["values"],
        },
        "parameters": [
            {
                "path": knob.path,
                "label": knob.label,
                "unit": knob.unit,
                "low": knob.low,
                "high": knob.high,
                "value": float(knob.value) if knob.value else None,
                "has_off": knob.has_off,
            }
            for section in page.sections
            for knob in section.knobs
        ],
        "versions": [
            {"mix": version.public_id, "state": version.state, "reference": version.reference_name}
            for version in page.versions
        ],
        "exports": [export_out(line.export) for line in page.exports if line.export is not None],
    }
