"""The `cnn` architecture: a convolutional encoder of log-mel excerpts beside a small network on the song's
measurements.

GroupNorm is the only normalization: it keeps no running statistics, so weights can be blended and single songs judged
without any repair. Pooling over time and excerpts keeps four frequency zones apart, because where energy lies is
what an equalizer is asked about.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional

from mixing.audio.features import N_STATS
from mixing.audio.log_mel import N_MELS
from mixing.audio.scaling import CLIP, STAT_CENTER, STAT_SCALE
from mixing.console.spec import BUS_GROUP_INDICES, NEUTRAL_BUS_VECTOR
from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer, MixerConfig, MixerNetwork, gather_groups
from mixing.mixers.ranges import neutral_logits, to_unit_range
from mixing.mixers.strips import StripNetwork

# A square root's slope is infinite at zero; a silent channel has no spread.
_TINY = 1e-5


@dataclass(frozen=True)
class CnnConfig(MixerConfig):
    """Sizes of the network.

    Attributes:
        channels: of the four convolution blocks, each a multiple of 8; every block halves both axes.
        audio_width: length of the embedding of the excerpts.
        stats_width: length of the embedding of the measurements.
        head_width: hidden units of each head.
    """

    channels: tuple[int, ...] = (16, 24, 48, 96)
    audio_width: int = 128
    stats_width: int = 96
    head_width: int = 96

    def __post_init__(self) -> None:
        widths = (self.audio_width, self.stats_width, self.head_width)
        if not (
            len(self.channels) == 4
            and all(isinstance(c, int) and 8 <= c <= 512 and c % 8 == 0 for c in self.channels)
            and all(isinstance(w, int) and 4 <= w <= 1024 for w in widths)
        ):
            raise MixerFileError(
                "The sizes of this network are impossible. Use four multiples of 8 for its channels.", code="bad_config"
            )


class CnnMixer(Mixer):
    """A mixer whose encoder is a small convolutional network."""

    architecture: ClassVar[str] = "cnn"

    def __init__(self, config: CnnConfig | None = None, *, seed: int = 0) -> None:
        config = config or CnnConfig()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = CnnNetwork(config)
        super().__init__(config, network)

    @classmethod
    def from_config(cls, data: dict[str, Any], *, seed: int = 0) -> CnnMixer:
        return cls(CnnConfig.from_dict(data), seed=seed)


class CnnNetwork(MixerNetwork):
    """See Mixer for the shapes."""

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        self.trunk = Trunk(config)
        width = config.audio_width + config.stats_width
        self.heads = nn.ModuleDict(
            {group: _head(width, config.head_width, indices) for group, indices in BUS_GROUP_INDICES.items()}
        )
        self.strips = StripNetwork()

    def forward(self, log_mel: torch.Tensor, stats: torch.Tensor) -> torch.Tensor:
        embedding = self.trunk(log_mel, stats)
        return gather_groups({group: to_unit_range(head(embedding)) for group, head in self.heads.items()})


class Trunk(nn.Module):
    """Features to one embedding a song, (batch, audio_width + stats_width)."""

    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        widths = (2, *config.channels)
        self.blocks = nn.ModuleList(_Block(a, b) for a, b in itertools.pairwise(widths))
        n_zones = N_MELS // 2 ** len(config.channels)
        self.audio = nn.Sequential(nn.Linear(2 * config.channels[-1] * n_zones, config.audio_width), nn.GELU())
        self.stats = nn.Sequential(
            nn.Linear(N_STATS, 2 * config.stats_width),
            nn.GELU(),
            nn.Linear(2 * config.stats_width, config.stats_width),
            nn.GELU(),
        )
        self.register_buffer("center", torch.from_numpy(STAT_CENTER), persistent=False)
        self.register_buffer("scale", torch.from_numpy(STAT_SCALE), persistent=False)

    def forward(self, log_mel: torch.Tensor, stats: torch.Tensor) -> torch.Tensor:
        n_songs, n_crops = log_mel.shape[:2]
        x = log_mel.flatten(0, 1)  # (songs * crops, 2, 64, 128)
        for block in self.blocks:
            x = block(x)
        x = (
            x.unflatten(0, (n_songs, n_crops)).permute(0, 2, 3, 1, 4).flatten(3)
        )  # (songs, channels, zones, crops * time)
        mean = x.mean(dim=3)
        spread = torch.sqrt(x.var(dim=3, unbiased=False) + _TINY)
        audio = self.audio(torch.cat([mean, spread], dim=1).flatten(1))
        measured = self.stats(((stats - self.center) / self.scale).clamp(-CLIP, CLIP))
        return torch.cat([audio, measured], dim=1)


class _Block(nn.Module):
    """3 x 3 convolution of stride 2, then a depthwise one with a residual."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        self.down_norm = nn.GroupNorm(n_out // 8, n_out)
        self.depthwise = nn.Conv2d(n_out, n_out, 3, padding=1, groups=n_out)
        self.depthwise_norm = nn.GroupNorm(n_out // 8, n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.gelu(self.down_norm(self.down(x)))
        return x + functional.gelu(self.depthwise_norm(self.depthwise(x)))


def _head(n_in: int, width: int, indices: tuple[int, ...]) -> nn.Sequential:
    last = nn.Linear(width, len(indices))
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        last.bias.copy_(neutral_logits(NEUTRAL_BUS_VECTOR[list(indices)]))
    return nn.Sequential(nn.Linear(n_in, width), nn.GELU(), last)
