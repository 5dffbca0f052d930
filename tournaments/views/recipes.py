"""The recipe of a mix, and changing it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from mixing.errors import AudioError, SettingsError
from tournaments.access import heard_mix_for_owner, tournament_for_owner
from tournaments.forms import NudgeForm
from tournaments.selectors.recipes import recipe
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
    form = NudgeForm(request.POST, request.FILES)
    page = recipe(tournament, mix)
    error = ""
    if form.is_valid():
        current = {knob.path: knob.value for section in page.sections for knob in section.knobs}
        try:
            reference = form.cleaned_data["reference"]
            changed = nudge_mix(
                mix=mix,
                nudge=form.nudge(current, nudge_shown(mix)),
                reference=reference,
                reference_name=reference.name if reference else "",
            )
            return redirect("tournaments:recipe", public_id, changed.public_id)
        except (SettingsError, AudioError) as refusal:
            error = refusal.message
        except forms.ValidationError as refusal:
            error = " ".join(refusal.messages)
    else:
        error = " ".join(f"{name}: {message}" for name, messages in form.errors.items() for message in messages)
    return render(request, "tournaments/recipe.html", {"recipe": page, "error": error}, status=422)
