"""Nudging a mix: its owner's changes as a mix of their own, beside the mixer's, which stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from mixing.audio.decode import probe
from mixing.console.nudge import Nudge, nudged
from mixing.console.spec import MixSettings
from tournaments.errors import InvalidTournament
from tournaments.models import Mix
from tournaments.services.disk import check_free_space
from tournaments.services.mixes import RENDER, features_of
from tournaments.services.songs import store, title_from

# A mix that nobody finds right after so many tries wants another mixer.
MAX_NUDGES = 50


def nudge_mix(*, mix: Mix, nudge: Nudge, reference: File[Any] | None = None, reference_name: str = "") -> Mix:
    """Have a mix rendered with its owner's changes, from the settings of `base_of`.

    Args:
        reference: a recording whose tone, width and loudness to come near to; measured by the worker and then deleted.
    Raises: SettingsError for values out of range, InvalidTournament for a mix without settings or too many tries,
        AudioError for a reference that is no music.
    """
    origin = mix.nudged_from or mix
    base = base_of(mix)
    if base.console_settings is None or (base.reference and base.state != Mix.State.READY):
        raise InvalidTournament("This mix is not made yet. Wait until it is, and change it then.", code="not_ready")
    settings = nudged(MixSettings.from_dict(base.console_settings), nudge)
    stored = "" if reference is None else _stored(reference)
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
            reference=stored,
            reference_name=title_from(reference_name) if stored else base.reference_name,
        )
        RENDER.send(changed.pk)
    return changed


def base_of(mix: Mix) -> Mix:
    """What a nudge starts from: the mixer's own mix, so that words do not add up, or a version that a reference led."""
    return mix if mix.reference_name else mix.nudged_from or mix


def nudge_shown(mix: Mix) -> Nudge:
    """Where the controls stand: what the mix was nudged by from its base."""
    return Nudge() if mix.reference_name else Nudge.from_dict(mix.nudge or {})


def follow_reference(mix: Mix) -> dict[str, Any]:
    """The settings of a version that leads towards its reference, as fields of its row. Raises AudioError."""
    # Scipy stays out of the web process.
    from mixing.audio.features import extract_features, read_analysis_window
    from mixing.console.match import matched

    audio, rate = read_analysis_window(Path(mix.reference.path))
    (reference,) = extract_features([audio], rate, content_hash="").stems
    settings = matched(MixSettings.from_dict(mix.console_settings or {}), features_of(mix.song), reference)
    return {"console_settings": settings.to_dict(), "reference": ""}


def _stored(reference: File[Any]) -> str:
    check_free_space()
    stored = store(reference)
    try:
        probe(Path(default_storage.path(stored)))
    except BaseException:
        default_storage.delete(stored)
        raise
    return stored
