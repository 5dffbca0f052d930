"""Measure what the founding champions can do, and make them the scale for everybody else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
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
        from mixing.breeding.connectivity import middle_of
        from mixing.breeding.outputs import one_thread
        from mixing.breeding.profile import (
            REFERENCE_PATH,
            make_reference,
            raw_capabilities,
            save_reference,
            score_intervals,
            specialities_of,
        )
        from mixing.mixers.card import read_card, write_card
        from mixing.mixers.zoo import load_mixer
        from mixing.training import feature_sets

        probe = feature_sets.load("probe")
        folders = sorted(path.parent for path in settings.MODELS_DIR.glob(f"*/{CARD}"))
        cards = {folder: card for folder in folders if (card := read_card(folder / CARD)).generation == 0}
        with one_thread():
            mixers = {folder: load_mixer(folder / WEIGHTS, card) for folder, card in cards.items()}
            raw = {folder: raw_capabilities(m, probe.log_mel, probe.stats) for folder, m in mixers.items()}
            # Offspring, as far as there are any before the first vote: the middle of every two champions.
            middles = [middle_of(a, b) for a, b in combinations(mixers.values(), 2)]
            others = [raw_capabilities(middle, probe.log_mel, probe.stats) for middle in middles]
        reference = make_reference(list(raw.values()), others)
        save_reference(reference, REFERENCE_PATH)
        for folder, card in cards.items():
            profile = score_intervals(raw[folder], reference)
            capabilities = {name: round(interval.value, 3) for name, interval in profile.items()}
            intervals = {name: [round(i.low, 3), round(i.high, 3)] for name, i in profile.items()}
            measured = replace(
                card,
                capabilities=capabilities,
                specialities=tuple(specialities_of(capabilities)),
                metrics=card.metrics | {"capability_intervals": intervals},
            )
            write_card(measured, folder / CARD)
            told = ", ".join(f"{name} {score:+.2f}" for name, score in capabilities.items())
            self.stdout.write(f"{card.slug}: {told}")
        told = ", ".join(f"{name} {rho:.2f}" for name, rho in reference.reliability.items())
        self.stdout.write(f"Agreement of two halves of the probe set: {told}")
