"""Train the five champions and write them to models/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evolution.management.commands.build_corpus import CACHE_DIR, CORPUS_DIR

TRAINING_DIR = Path("var/training")
MODELS_DIR = Path("models")


class Command(BaseCommand):
    help = "Train the shared trunk, the four styles and the boss on the corpus, measure them and ship them to models/."
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--steps", type=int, help="steps of the trunk; styles and boss follow in proportion")
        parser.add_argument("--resume", action="store_true", help="go on where a training of the same length stopped")
        parser.add_argument("--models", type=Path, default=MODELS_DIR, help="where to write the champions")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        import torch
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.training.champions import Steps, load_data, ship, train_champions
        from mixing.training.corpus import read_manifest
        from mixing.training.styles import save_reference

        if options["steps"] is not None and options["steps"] < 1:
            raise CommandError("--steps is below 1. Give the trunk at least one step.", returncode=2)
        steps = Steps.scaled(options["steps"]) if options["steps"] else Steps()
        torch.set_num_threads(1)
        try:
            with tqdm(total=steps.total, unit="step") as bar:

                def on_step(name: str, loss: float) -> None:
                    bar.set_description(name, refresh=False)
                    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                    bar.update()

                data, validation = load_data(CORPUS_DIR, CACHE_DIR)
                champions = train_champions(
                    data, validation, TRAINING_DIR, steps=steps, resume=options["resume"], on_step=on_step
                )
            ship(champions, options["models"], read_manifest(CORPUS_DIR / "manifest.json"), steps=steps)
            save_reference(data.reference, options["models"])
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        self.stdout.write(
            f"Wrote {len(champions)} champions to {options['models']}. "
            "Run `manage.py bench_mixers --cards` to measure them for their cards."
        )
