"""What mattered in training, from the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evolution.management.commands.build_corpus import CACHE_DIR, CORPUS_DIR
from evolution.management.commands.train_champions import TRAINING_DIR


class Command(BaseCommand):
    help = (
        "Train the trunk again without one ingredient at a time, and judge each by MixBench. Resumes. "
        "Then learn the ten targets alone: how near this corpus lets any network come."
    )
    # Nothing of the site is touched: no database, no pages.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--steps", type=int, help="of each training; 1500 unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        import torch
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.training import bench_songs
        from mixing.training.ablation import STEPS, WITHOUT, ablate, to_markdown
        from mixing.training.champions import SEED, load_data
        from mixing.training.styles import STYLES
        from mixing.training.target_ceiling import ceiling_table, learn_ten_targets

        n_steps = STEPS if options["steps"] is None else options["steps"]
        if n_steps < 1:
            raise CommandError("--steps is below 1. Give each training at least one step.", returncode=2)
        torch.set_num_threads(1)
        try:
            data = load_data(CORPUS_DIR, CACHE_DIR)
            bench, _ = bench_songs.collect(None, CORPUS_DIR, CACHE_DIR, limit=None)
            with tqdm(total=n_steps * len(WITHOUT), unit="step") as bar:

                def on_step(without: str) -> None:
                    bar.set_description(without, refresh=False)
                    bar.update()

                rows = ablate(
                    data.learning,
                    data.whole_songs,
                    data.validation,
                    bench,
                    TRAINING_DIR / "ablation",
                    n_steps=n_steps,
                    on_step=on_step,
                )
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        self.stdout.write(to_markdown(rows))
        for style in STYLES:
            ceiling = learn_ten_targets(data.learning, bench, style, seed=SEED)
            self.stdout.write(f"Ten targets of {style.slug}, learned alone:\n\n{ceiling_table(ceiling)}")
