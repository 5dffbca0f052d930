"""What every mixer is: a network from the features of a song to console settings, whatever its architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import SongFeatures
from mixing.console.spec import BUS_GROUP_INDICES, BUS_VECTOR, MixSettings
from mixing.errors import MixerFileError, SettingsError
from mixing.mixers.strips import StripNetwork, strip_inputs

N_OUTPUTS = len(BUS_VECTOR)


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
        strips: stems to channel strips and reverb, beside the trunk.
    """

    trunk: torch.nn.Module
    heads: torch.nn.ModuleDict
    strips: StripNetwork


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

        Raises: SettingsError where the network's answer is not finite.
        """
        whole = features.whole
        with torch.no_grad():
            log_mel = torch.from_numpy(whole.log_mel.astype(np.float32))[None]
            result = self.network(log_mel, torch.from_numpy(whole.stats)[None])[0].numpy()
        return _finite(result)

    def normalized_strips(self, features: SongFeatures) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Strips, (stems, len(STRIP)), and reverb, (len(REVERB),), each in [0, 1]; permuted stems permute the strips.

        Raises: SettingsError where the network's answer is not finite.
        """
        with torch.no_grad():
            strips, reverb = self.network.strips(strip_inputs(features)[None])
        return _finite(strips[0].numpy()), _finite(reverb[0].numpy())

    def settings(self, features: SongFeatures, *, seed: int = 0) -> MixSettings:
        """Console settings in physical units; the same weights, features and seed always give the same settings.

        A song of one stem gets no strip: it is mastered.

        Args:
            seed: for architectures that draw; a deterministic one ignores it.
        """
        settings = MixSettings.from_bus_vector(self.normalized(features))
        return settings if len(features.stems) == 1 else settings.with_stems(*self.normalized_strips(features))


def gather_groups(outputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Per-group outputs (batch, n_group) to one vector (batch, len(BUS_VECTOR))."""
    order = [i for group in outputs for i in BUS_GROUP_INDICES[group]]  # type: ignore[index]
    inverse = np.argsort(order)
    return torch.cat(list(outputs.values()), dim=1)[:, torch.from_numpy(inverse)]


def _finite(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(answer).all():
        raise SettingsError(
            "The mixer's answer is not a number. Retire it and choose another mixer.", code="not_finite"
        )
    return np.asarray(answer, dtype=np.float32)
