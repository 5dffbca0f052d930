"""Small mixers for tests: real networks with seeded, distinct behavior."""

from __future__ import annotations

from pathlib import Path

import torch

from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.mixers.zoo import save_mixer

TINY = CnnConfig(channels=(8, 8, 8, 8), audio_width=16, stats_width=16, head_width=16)


def tiny_mixer(seed: int, *, relative_to: CnnMixer | None = None, strength: float = 1.0) -> CnnMixer:
    """A tiny mixer with an opinion: the common trunk of `relative_to` (or seed 0), and heads of its own."""
    mixer = CnnMixer(TINY, seed=0)
    if relative_to is not None:
        mixer.network.load_state_dict(relative_to.network.state_dict())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in mixer.network.named_parameters():
            scale = strength if name.startswith("heads") else strength * 0.1
            parameter.add_(scale * torch.randn(parameter.shape, generator=generator) * parameter.shape[-1] ** -0.5)
    return mixer


def write_tiny(path: Path, seed: int) -> Path:
    """Its weights file."""
    save_mixer(tiny_mixer(seed), path, {})
    return path
