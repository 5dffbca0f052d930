"""Teach the champions' strip networks anew, and leave the rest of them as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evolution.management.commands.build_corpus import CACHE_DIR, CORPUS_DIR
from evolution.management.commands.train_champions import MODELS_DIR, TRAINING_DIR
from mixing.mixers.card import read_card, write_card


class Command(BaseCommand):
    help = "Teach the champions their channel strips and write them into their weights and cards; about five minutes."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--models", type=Path, default=MODELS_DIR, help="folder of the champions, changed in place")
        parser.add_argument("--steps", type=int, help="steps of the base network; styles follow in proportion")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        import torch
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.mixers.zoo import content_hash, load_mixer, save_mixer
        from mixing.training.champions import Steps, load_stem_songs, strip_record
        from mixing.training.multitrack.library import MANIFEST_NAME, read_multitrack
        from mixing.training.strips import BASE_STEPS, STYLE_STEPS, train_strips

        base = BASE_STEPS if options["steps"] is None else options["steps"]
        if base < 1:
            raise CommandError("--steps is below 1. Give the base network at least one step.", returncode=2)
        steps = Steps(strip_base=base, strip_style=max(1, base * STYLE_STEPS // BASE_STEPS))
        torch.set_num_threads(1)
        try:
            songs = load_stem_songs(CORPUS_DIR, CACHE_DIR, "train")
            if not songs:
                raise CommandError(
                    "No song in stems has been measured. Run `manage.py build_corpus` first.", returncode=2
                )
            with tqdm(total=steps.strips, unit="step") as bar:

                def on_step(name: str, loss: float) -> None:
                    bar.set_description(name, refresh=False)
                    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                    bar.update()

                networks = train_strips(
                    songs, TRAINING_DIR, base_steps=base, style_steps=steps.strip_style, on_step=on_step
                )
            record = strip_record(read_multitrack(CORPUS_DIR / MANIFEST_NAME), steps)
            for slug, network in networks.items():
                folder = options["models"] / slug
                card = read_card(folder / "card.toml")
                mixer = load_mixer(folder / "weights.safetensors", card)
                mixer.network.strips.load_state_dict(network.state_dict())
                sha256 = save_mixer(mixer, folder / "weights.safetensors", {"slug": slug, "generation": "0"})
                card = replace(
                    card,
                    sha256=sha256,
                    content_hash=content_hash(mixer.network.state_dict()),
                    training=card.training | {"strips": record},
                )
                write_card(card, folder / "card.toml")
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error
        self.stdout.write(f"Taught {len(networks)} mixers on {len(songs)} songs. Measure them with bench_mixers.")
