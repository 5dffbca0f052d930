"""Mixers from a folder into the arena."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from evolution.services.champions import seed_champions
from tournaments.services.ledger import append_seed


class Command(BaseCommand):
    help = "Enter every mixer of the folder models/ (weights.safetensors and card.toml each). Again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.MODELS_DIR, help="another folder of mixers")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        with tqdm(desc="Checking mixers", unit="mixer", disable=None) as bar:

            def show(slug: str) -> None:
                bar.set_postfix_str(slug)
                bar.update()

            mixers = seed_champions(folder=folder, on_mixer=show)
        n_new = sum(append_seed(mixer=mixer) for mixer in mixers)
        self.stdout.write(f"{len(mixers)} mixers are in the arena, {n_new} of them new.")
