"""Teach the champions' strip networks anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mixing.mixers.card import read_card, write_card

MODELS_DIR = Path(__file__).resolve().parents[3] / "models"


class Command(BaseCommand):
    help = "Teach the champions their channel strips and write them into their weights and cards; about three minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--models", type=Path, default=MODELS_DIR, help="folder of the champions, changed in place")
        parser.add_argument("--steps", type=int, help="steps of the base network; styles follow in proportion")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries load only when the command runs, so that listing commands stays quick.
        import torch
        from tqdm import tqdm

        from mixing.errors import MixArenaError
        from mixing.mixers.zoo import content_hash, load_mixer, save_mixer
        from mixing.training.strip_rules import STRIP_STYLES
        from mixing.training.strips import BASE_STEPS, SEED, STYLE_STEPS, measure, train_strips

        base = BASE_STEPS if options["steps"] is None else options["steps"]
        if base < 1:
            raise CommandError("--steps is below 1. Give the base network at least one step.", returncode=2)
        each = max(1, base * STYLE_STEPS // BASE_STEPS)
        torch.set_num_threads(1)
        try:
            with tqdm(total=base + each * len(STRIP_STYLES), unit="step") as bar:

                def on_step(name: str, loss: float) -> None:
                    bar.set_description(name, refresh=False)
                    bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
                    bar.update()

                networks = train_strips(base_steps=base, style_steps=each, on_step=on_step)
            for style in STRIP_STYLES:
                folder = options["models"] / style.slug
                card = read_card(folder / "card.toml")
                mixer = load_mixer(folder / "weights.safetensors", card)
                mixer.network.strips.load_state_dict(networks[style.slug].state_dict())
                sha256 = save_mixer(mixer, folder / "weights.safetensors", {"slug": card.slug, "generation": "0"})
                error, mean_error = measure(networks[style.slug], style)
                strips = {
                    "taught_by": "written rules, mixing/training/strip_rules.py",
                    "steps": base + each,
                    "seed": SEED,
                    "error": round(error, 4),
                    "error_of_mean_answer": round(mean_error, 4),
                }
                write_card(_with(card, sha256, content_hash(mixer.network.state_dict()), strips), folder / "card.toml")
                self.stdout.write(f"{card.nickname}: {error:.4f} from the rules, its mean answer {mean_error:.4f}")
        except MixArenaError as error:
            raise CommandError(error.message, returncode=2) from error


def _with(card: Any, sha256: str, digest: str, strips: dict[str, Any]) -> Any:
    from dataclasses import replace

    return replace(card, sha256=sha256, content_hash=digest, training=card.training | {"strips": strips})
