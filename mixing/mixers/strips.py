"""Stems to channel strips: a network on a set, so that permuting stems permutes the strips and nothing else.

Each stem is embedded from its own measurements, its level in the rough mix and its role; mean and maximum over all
stems are the context in which a strip is chosen. Source: M. Zaheer et al., Deep sets, NeurIPS 2017.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from mixing.audio.features import N_STATS, STAT, SongFeatures
from mixing.audio.roles import ROLES
from mixing.audio.scaling import CLIP, STAT_CENTER, STAT_SCALE
from mixing.console.spec import NEUTRAL_REVERB_VECTOR, NEUTRAL_STRIP_VECTOR
from mixing.mixers.ranges import neutral_logits, to_unit_range

WIDTH = 96
# A stem's level in the rough mix, LU, before a network sees it.
LEVEL_CENTER_LU, LEVEL_SCALE_LU = -9.0, 6.0
# The number of stems, as the octaves of it.
COUNT_SCALE = 5.0
N_INPUTS = N_STATS + 1 + len(ROLES) + 1


class StripNetwork(nn.Module):
    """`forward` maps (songs, stems, N_INPUTS) to strips (songs, stems, len(STRIP)) and reverb (songs, len(REVERB))."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(N_INPUTS, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH), nn.GELU())
        self.strip = _head(3 * WIDTH, NEUTRAL_STRIP_VECTOR)
        self.reverb = _head(2 * WIDTH, NEUTRAL_REVERB_VECTOR)

    def forward(self, stems: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        own = self.embed(stems)  # (songs, stems, WIDTH)
        context = torch.cat([own.mean(dim=1), own.amax(dim=1)], dim=1)  # (songs, 2 * WIDTH)
        spread = context[:, None].expand(-1, stems.shape[1], -1)
        strips = to_unit_range(self.strip(torch.cat([own, spread], dim=2)))
        return strips, to_unit_range(self.reverb(context))


def _head(n_in: int, neutral: np.ndarray) -> nn.Sequential:
    last = nn.Linear(WIDTH, len(neutral))
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(neutral_logits(neutral))
    return nn.Sequential(nn.Linear(n_in, WIDTH), nn.GELU(), last)


def strip_inputs(features: SongFeatures) -> torch.Tensor:
    """What the network sees of a song of several stems, (stems, N_INPUTS)."""
    stats = np.stack([stem.stats for stem in features.stems])
    levels_lu = stats[:, STAT["loudness_lufs"]] - features.whole.stats[STAT["loudness_lufs"]]
    roles = features.roles or ("other",) * len(stats)
    return torch.from_numpy(scaled_inputs(stats, levels_lu, [ROLES.index(role) for role in roles]))


def scaled_inputs(stats: np.ndarray, levels_lu: np.ndarray, roles: list[int]) -> np.ndarray:
    """Measurements (stems, N_STATS), levels (stems,) and role numbers at about -1 to 1, (stems, N_INPUTS) float32."""
    n_stems = len(stats)
    measured = np.clip((stats - STAT_CENTER) / STAT_SCALE, -CLIP, CLIP)
    levels = np.clip((levels_lu - LEVEL_CENTER_LU) / LEVEL_SCALE_LU, -CLIP, CLIP)
    count = np.full((n_stems, 1), np.log2(n_stems) / COUNT_SCALE)
    return np.concatenate([measured, levels[:, None], np.eye(len(ROLES))[roles], count], axis=1, dtype=np.float32)
