"""Measure what the founding champions can do, and make them the scale for everybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from evolution.services.champions import CARD, WEIGHTS


class Command(BaseCommand):
    help = (
        "Measure the capabilities of the founding champions in models/ on the probe set. Writes the scale that every "
        "mixer is measured by, and the champions' scores on their cards. Run it after training them again."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.breeding.outputs import one_thread
        from mixing.breeding.profile import (
            REFERENCE_PATH,
            make_reference,
            raw_capabilities,
            save_reference,
            scores,
            specialities_of,
        )
        from mixing.mixers.card import read_card, write_card
        from mixing.mixers.zoo import load_mixer
        from mixing.training import feature_sets

        probe = feature_sets.load("probe")
        folders = sorted(path.parent for path in settings.MODELS_DIR.glob(f"*/{CARD}"))
        cards = {folder: card for folder in folders if (card := read_card(folder / CARD)).generation == 0}
        with one_thread():
            raw = {
                folder: raw_capabilities(load_mixer(folder / WEIGHTS, card), probe.log_mel, probe.stats)
                for folder, card in cards.items()
            }
        reference = make_reference(list(raw.values()))
        save_reference(reference, REFERENCE_PATH)
        for folder, card in cards.items():
            capabilities = {name: round(score, 3) for name, score in scores(raw[folder], reference).items()}
            specialities = tuple(specialities_of(capabilities))
            write_card(replace(card, capabilities=capabilities, specialities=specialities), folder / CARD)
            told = ", ".join(f"{name} {score:+.2f}" for name, score in capabilities.items())
            self.stdout.write(f"{card.slug}: {told}")
