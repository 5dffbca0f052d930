"""Taking the mixers that lie in a folder into the registry."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from evolution.models import Mixer
from mixing.errors import MixerFileError
from mixing.mixers.card import MixerCard, read_card

if TYPE_CHECKING:
    from mixing.mixers.base import Mixer as Network

logger = logging.getLogger(__name__)

WEIGHTS, CARD = "weights.safetensors", "card.toml"


def seed_champions(*, folder: Path, on_mixer: Callable[[str], None] | None = None) -> list[Mixer]:
    """Register every mixer in `folder` (one subfolder each, with weights and card); doing it again changes nothing.

    A mixer whose weights have changed since enters as a new one, and the old one is retired under another slug, so that
    ratings stay with the weights that earned them.

    Args:
        on_mixer: told each slug as it is checked.
    Returns: the registered mixers, in order of their folders' names.
    Raises: MixerFileError for a folder without card or weights, with the wrong hash, or with unusable weights.
    """
    folders = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not folders:
        raise MixerFileError(
            f"There are no mixers in {folder.name}/. Restore the folder from the project.", code="missing"
        )
    mixers = []
    for path in folders:
        card = read_card(path / CARD)
        if on_mixer is not None:
            on_mixer(card.slug)
        mixers.append(_known(card) or _register(card, path / WEIGHTS))
    return mixers


def _known(card: MixerCard) -> Mixer | None:
    """The registered mixer with these very weights. Where its card changed, it follows; a curator's edits stay."""
    mixer = Mixer.objects.filter(slug=card.slug, content_hash=card.content_hash).first()
    if mixer is None:
        return None
    texts = _texts(card)
    shipped = mixer.card.get("texts", {})
    changed = {name: value for name, value in texts.items() if shipped.get(name) != value}
    if mixer.card != _card_row(card):
        Mixer.objects.filter(pk=mixer.pk).update(card=_card_row(card), **changed)
        mixer.refresh_from_db()
    return mixer


def _register(card: MixerCard, weights: Path) -> Mixer:
    # Reading weights needs torch, which the web process must not load.
    from mixing.breeding.profile import measure_capabilities, specialities_of
    from mixing.breeding.taste import measure_style
    from mixing.mixers.zoo import load_mixer

    network: Network = load_mixer(weights, card)
    capabilities = measure_capabilities(network)
    mixer = Mixer(
        slug=card.slug,
        architecture=card.architecture,
        # A community mixer of another arena is generation 0 as well, and has an author.
        is_champion=card.generation == 0 and not card.author,
        generation=card.generation,
        specialities=list(card.specialities) or specialities_of(capabilities),
        capabilities=capabilities,
        style=measure_style(network).tolist(),
        content_hash=card.content_hash,
        seed_rating=card.rating,
        card=_card_row(card),
        **_texts(card),
    )
    with weights.open("rb") as file:
        mixer.weights.save(f"{card.slug}-{card.content_hash[:12]}.safetensors", File(file), save=False)
    with transaction.atomic():
        for old in Mixer.objects.filter(slug=card.slug):
            Mixer.objects.filter(pk=old.pk).update(
                slug=f"{old.slug}-{old.content_hash[:8]}", state=Mixer.State.RETIRED, retired_at=timezone.now()
            )
        mixer.save(force_insert=True)
    logger.info("seeded mixer=%s", mixer.slug)
    return mixer


def _texts(card: MixerCard) -> dict[str, object]:
    return {
        "name": card.name,
        "nickname": card.nickname,
        "description": card.description,
        "genres": list(card.genres),
    }


def _card_row(card: MixerCard) -> dict[str, object]:
    return {"training": card.training, "metrics": card.metrics, "texts": _texts(card)}
