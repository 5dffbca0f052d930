"""What every mixer is: a network from the features of a song to console settings, whatever its architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import SongFeatures
from mixing.console.spec import BUS_GROUP_INDICES, BUS_VECTOR, NEUTRAL_BUS_VECTOR, MixSettings
from mixing.errors import MixerFileError, SettingsError

N_OUTPUTS = len(BUS_VECTOR)
# The sigmoid reaches this far beyond [0, 1] before it is clipped, so that the ends of a range, where most "off"
# values lie, can be reached exactly with finite weights.
OVERSHOOT = 0.01


@dataclass(frozen=True)
class MixerConfig:
    """What shapes a network. Subclasses add fields of plain types and check them."""

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form, read back by `from_dict`."""
        return {f.name: list(v) if isinstance(v := getattr(self, f.name), tuple) else v for f in fields(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The reverse of `to_dict`. Raises MixerFileError for unknown, missing or impossible values."""
        names = {f.name for f in fields(cls)}
        if set(data) != names:
            wrong = ", ".join(sorted(names.symmetric_difference(data)))
            raise MixerFileError(
                f"The mixer's configuration has missing or unknown entries: {wrong}. Use another file.",
                code="bad_config",
            )
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


class MixerNetwork(torch.nn.Module):
    """A network in two parts, so that breeding can blend and heal them apart.

    Attributes:
        trunk: features to one embedding a song.
        heads: by parameter group, embedding to logits.
    """

    trunk: torch.nn.Module
    heads: torch.nn.ModuleDict


class Mixer(ABC):
    """A mixer. Its network has the submodules `trunk` and `heads`, a ModuleDict by parameter group.

    `network(log_mel, stats)` maps (batch, crops, 2, 64, 128) and (batch, N_STATS) to normalized settings
    (batch, len(BUS_VECTOR)) in [0, 1], in the order of BUS_VECTOR.
    """

    architecture: ClassVar[str]

    def __init__(self, config: MixerConfig, network: MixerNetwork) -> None:
        self.config = config
        self.network = network.eval()

    @classmethod
    @abstractmethod
    def from_config(cls, data: dict[str, Any], *, seed: int = 0) -> Mixer:
        """An untrained mixer (a bypass) from a configuration as `MixerConfig.to_dict` gives it."""

    def normalized(self, features: SongFeatures) -> NDArray[np.float32]:
        """Bus and delivery settings of a song, (len(BUS_VECTOR),), each in [0, 1].

        Raises: SettingsError for a song of several stems, or where the network's answer is not finite.
        """
        if len(features.stems) != 1:
            raise SettingsError(
                f"This mixer masters one file and the song has {len(features.stems)} stems. Bounce them to one file.",
                code="wrong_shape",
            )
        stem = features.stems[0]
        with torch.no_grad():
            log_mel = torch.from_numpy(stem.log_mel.astype(np.float32))[None]
            result = self.network(log_mel, torch.from_numpy(stem.stats)[None])[0].numpy()
        if not np.isfinite(result).all():
            raise SettingsError(
                "The mixer's answer is not a number. Retire it and choose another mixer.", code="not_finite"
            )
        return np.asarray(result, dtype=np.float32)

    def settings(self, features: SongFeatures, *, seed: int = 0) -> MixSettings:
        """Console settings in physical units; the same weights, features and seed always give the same settings.

        Args:
            seed: for architectures that draw; a deterministic one ignores it.
        """
        return MixSettings.from_bus_vector(self.normalized(features))


def to_unit_range(logits: torch.Tensor) -> torch.Tensor:
    """Logits to [0, 1], ends included; beyond the ends the gradient passes as if nothing had been clipped."""
    stretched = torch.sigmoid(logits) * (1.0 + 2.0 * OVERSHOOT) - OVERSHOOT
    return stretched + (stretched.clamp(0.0, 1.0) - stretched).detach()


def neutral_logits(group_indices: tuple[int, ...]) -> torch.Tensor:
    """The logits at which these parameters are neutral; a hair beyond the end where neutral is an end."""
    neutral = NEUTRAL_BUS_VECTOR[list(group_indices)].astype(np.float64)
    hair = OVERSHOOT * 0.1
    target = np.where(neutral <= 0.0, -hair, np.where(neutral >= 1.0, 1.0 + hair, neutral))
    share = (target + OVERSHOOT) / (1.0 + 2.0 * OVERSHOOT)
    return torch.from_numpy(np.log(share / (1.0 - share))).float()


def gather_groups(outputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Per-group outputs (batch, n_group) to one vector (batch, len(BUS_VECTOR))."""
    order = [i for group in outputs for i in BUS_GROUP_INDICES[group]]  # type: ignore[index]
    inverse = np.argsort(order)
    return torch.cat(list(outputs.values()), dim=1)[:, torch.from_numpy(inverse)]
