"""Measure how well the founding champions can be blended, pair by pair."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from evolution.services.champions import CARD, WEIGHTS

HEAD = (
    "| pair | apart | middle off the blend | repair of both | of the middle | of the blend |",
    "| --- | --- | --- | --- | --- | --- |",
)


class Command(BaseCommand):
    help = (
        "Put the weights of every two founding champions in models/ in the middle, without healing, and measure on the "
        "gate set how far its answers are from the mean of theirs, and whether it still repairs. Prints a table."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.breeding.connectivity import connectivity
        from mixing.breeding.gate import load_gate_set
        from mixing.mixers.card import read_card
        from mixing.mixers.zoo import load_mixer

        gate_set = load_gate_set()
        folders = sorted(path.parent for path in settings.MODELS_DIR.glob(f"*/{CARD}"))
        founders = {
            card.slug: load_mixer(folder / WEIGHTS, card)
            for folder in folders
            if (card := read_card(folder / CARD)).generation == 0
        }
        for line in HEAD:
            self.stdout.write(line)
        for (one, first), (other, second) in combinations(founders.items(), 2):
            found = connectivity(first, second, gate_set)
            self.stdout.write(
                f"| {one}, {other} | {found.apart:.3f} | {found.off_blend:.3f} ({100 * found.lost:.0f} %) | "
                f"{found.repair_first:.2f}, {found.repair_second:.2f} | {found.repair_middle:.2f} | "
                f"{found.repair_blend:.2f} |"
            )
