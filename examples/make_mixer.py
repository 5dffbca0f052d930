"""Make a mixer that the arena accepts: a champion, moved by chance to another taste.

    .venv/bin/python -m examples.make_mixer OUT [--champion elite-warrior] [--nickname "Soft Landing"] [--seed 1]

writes OUT/weights.safetensors and OUT/card.toml, for the page /mixers/submit/. It moves the last layer of every head
just far enough to be no copy, and prints what the gate will say. A mixer of your own replaces `moved` by training: see
docs/community.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from mixing.breeding.gate import COPY_DISTANCE, GateReport, GateSet, examine_stranger, load_gate_set
from mixing.breeding.outputs import one_thread, rms_distance
from mixing.mixers.base import Mixer
from mixing.mixers.card import MixerCard, read_card, to_toml
from mixing.mixers.zoo import load_mixer, save_mixer

MODELS = Path(__file__).resolve().parents[1] / "models"
# Twice as far as the gate asks for, so that a champion's other offspring are no copies of it either.
DISTANCE = 2.0 * COPY_DISTANCE
FIRST_NOISE, GROWTH, MAX_TRIES = 0.02, 1.25, 20


def moved(path: Path, gate_set: GateSet, seed: int) -> Mixer:
    """The mixer in `path` with noise on the biases of its heads, as little as gives DISTANCE."""
    original, _ = gate_set.answers(load_mixer(path))
    scale = FIRST_NOISE
    for _ in range(MAX_TRIES):
        mixer = load_mixer(path)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for head in mixer.network.heads.values():
                bias = head[-1].bias  # type: ignore[index]
                bias.add_(scale * torch.randn(bias.shape, generator=generator))
        if rms_distance(gate_set.answers(mixer)[0], original) >= DISTANCE:
            return mixer
        scale *= GROWTH
    raise SystemExit("This champion could not be moved far enough. Try another seed.")


def write(folder: Path, *, champion: str, nickname: str, seed: int) -> GateReport:
    """Write weights and card into a folder; returns what the gate says with all champions alive."""
    path = MODELS / champion / "weights.safetensors"
    parent = read_card(path.with_name("card.toml"))
    with one_thread():
        gate_set = load_gate_set()
        mixer = moved(path, gate_set, seed)
        living = [gate_set.answers(load_mixer(other))[0] for other in sorted(MODELS.glob("*/weights.safetensors"))]
        report = examine_stranger(mixer, living, gate_set)
    save_mixer(mixer, folder / "weights.safetensors", {})
    (folder / "card.toml").write_text(to_toml(card(parent, nickname)), encoding="utf-8")
    return report


def card(parent: MixerCard, nickname: str) -> dict[str, object]:
    """The card of a mixer that owes all it knows to its parent: the same music, the same licences."""
    return {
        "nickname": nickname,
        "description": f"{parent.nickname}, moved a little.",
        "architecture": parent.architecture,
        "genres": list(parent.genres),
        "training": parent.training | {"derived_from": [parent.slug]},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files and print the checks; 1 where the gate would turn the mixer away."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--champion", default="elite-warrior", choices=sorted(p.name for p in MODELS.iterdir() if p.is_dir())
    )
    parser.add_argument("--nickname", default="Soft Landing")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    report = write(chosen.out, champion=chosen.champion, nickname=chosen.nickname, seed=chosen.seed)
    for check in report.checks:
        sys.stdout.write(
            f"{'passed' if check.passed else 'FAILED'} {check.name}: {check.value:.4f} ({check.limit:.4f})\n"
        )
    return 0 if report.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
