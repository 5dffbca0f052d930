"""The recipe of a mix, and changing it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mixing.errors import AudioError, SettingsError
from tournaments.access import heard_mix_for_owner, tournament_for_owner
from tournaments.errors import InvalidTournament
from tournaments.forms import NudgeForm
from tournaments.selectors.recipes import Recipe, recipe
from tournaments.services.nudges import nudge_mix, nudge_shown
from tournaments.views.visitors import ListenerRequest, listener_required


@listener_required
@require_safe
def recipe_page(request: ListenerRequest, public_id: UUID, mix_id: UUID) -> HttpResponse:
    """What a mix did, and what can be changed; only its state for a page that waits for it."""
    tournament = tournament_for_owner(request.user, public_id)
    mix = heard_mix_for_owner(request.user, tournament, mix_id)
    context = {"recipe": recipe(tournament, mix)}
    if request.htmx and mix.state in ("planned", "queued"):
        return render(request, "tournaments/_nudge_state.html", context)
    if request.htmx:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "tournaments/recipe.html", context)


@listener_required
@require_POST
def nudge(request: ListenerRequest, public_id: UUID, mix_id: UUID) -> HttpResponse:
    """Make a version of a mix with its owner's changes."""
    tournament = tournament_for_owner(request.user, public_id)
    mix = heard_mix_for_owner(request.user, tournament, mix_id)
    page = recipe(tournament, mix)
    form = NudgeForm(request.POST, request.FILES, sections=page.sections)
    if form.is_valid():
        try:
            reference = form.cleaned_data["reference"]
            changed = nudge_mix(
                mix=mix,
                nudge=form.nudge(nudge_shown(mix)),
                reference=reference,
                reference_name=reference.name if reference else "",
            )
            return redirect("tournaments:recipe", public_id, changed.public_id)
        except (SettingsError, AudioError, InvalidTournament) as refusal:
            error = refusal.message
    else:
        error = form.faults()
    if "reference" in request.FILES:
        # No page can put a file back into its field.
        error += " The reference was not kept: choose it again."
    sent = _as_sent(page, form)
    context = {"recipe": sent, "error": error, "is_expert": sent.sections != page.sections}
    return render(request, "tournaments/recipe.html", context, status=422)


def _as_sent(page: Recipe, form: NudgeForm) -> Recipe:
    """The page with its form as it was sent, and each fault of a parameter at its field."""
    good = form.cleaned_data
    return replace(
        page,
        macros=tuple(replace(macro, percent=good.get(macro.name, macro.percent)) for macro in page.macros),
        strength_percent=good.get("strength", page.strength_percent),
        locks=tuple(good.get("locks", page.locks)),
        sections=tuple(
            replace(
                section,
                knobs=tuple(
                    replace(
                        knob,
                        value=form.data.get(knob.path, knob.value),
                        error=" ".join(map(str, form.errors.get(knob.path, []))),
                    )
                    for knob in section.knobs
                ),
            )
            for section in page.sections
        ),
    )
