"""Train the five champions and write them to models/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evolution.management.commands.build_corpus import CACHE_DIR, CORPUS_DIR

TRAINING_DIR = Path("var/training")
MODELS_DIR = Path("models")


class Command(BaseCommand):
    help = "Train the shared trunk, four styles, the boss and everybody's strips on the corpus; ship them to models/."
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
        from mixing.training.champions import Steps, load_data, load_stem_songs, ship, train_champions
        from mixing.training.charts import draw_curves
        from mixing.training.corpus import read_manifest
        from mixing.training.multitrack.library import MANIFEST_NAME, read_multitrack
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

                data = load_data(CORPUS_DIR, CACHE_DIR)
                stems = load_stem_songs(CORPUS_DIR, CACHE_DIR, "train")
                if not stems:
                    self.stderr.write("The corpus has no songs in stems: the mixers will leave stems as they are.")
                champions = train_champions(
                    data, stems, TRAINING_DIR, steps=steps, resume=options["resume"], on_step=on_step
                )
            ship(
                champions,
                options["models"],
                read_manifest(CORPUS_DIR / "manifest.json"),
                read_multitrack(CORPUS_DIR / MANIFEST_NAME),
                steps=steps,
            )
            draw_curves(TRAINING_DIR)
            save_reference(data.learning.reference, options["models"])
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        self.stdout.write(
            f"Wrote {len(champions)} champions to {options['models']}, curves to {TRAINING_DIR}/curves.svg. "
            "Run `manage.py bench_mixers --cards` to measure them for their cards."
        )
