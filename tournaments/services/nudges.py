"""Nudging a mix: its owner's changes as a mix of their own, beside the mixer's, which stays."""

from __future__ import annotations

from django.db import transaction

from mixing.console.nudge import Nudge, nudged
from mixing.console.spec import MixSettings
from tournaments.errors import InvalidTournament
from tournaments.models import Mix
from tournaments.services.mixes import RENDER

# A mix that nobody finds right after so many tries wants another mixer.
MAX_NUDGES = 50


def nudge_mix(*, mix: Mix, nudge: Nudge) -> Mix:
    """Have a mix rendered with its owner's changes; always from the mixer's own settings, never from changed ones.

    Raises: SettingsError for values out of range, InvalidTournament for a mix without settings or too many tries.
    """
    origin = mix.nudged_from or mix
    if origin.console_settings is None:
        raise InvalidTournament("This mix is not made yet. Wait until it is, and change it then.", code="not_ready")
    settings = nudged(MixSettings.from_dict(origin.console_settings), nudge)
    with transaction.atomic():
        if origin.nudged.count() >= MAX_NUDGES:
            raise InvalidTournament(
                f"There are {MAX_NUDGES} versions of this mix already. Take one of them, or another mix.",
                code="too_many",
            )
        changed = Mix.objects.create(
            song=origin.song,
            mixer=origin.mixer,
            nudged_from=origin,
            nudge=nudge.to_dict(),
            state=Mix.State.PLANNED,
            console_settings=settings.to_dict(),
        )
        RENDER.send(changed.pk)
    return changed
