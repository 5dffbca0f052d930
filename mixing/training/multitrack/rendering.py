"""What every source of stems gives, and what may be asked of all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
# Longer songs end here: an author's balance is heard by then, and a corpus is built in half the time.
MAX_S = 90.0
MIN_S = 30.0
MIN_STEMS = 3
# Stems this far below the loudest are no part of the balance: a click, a channel that was forgotten.
MAX_BELOW_DB = 50.0


@dataclass(frozen=True)
class StemLabel:
    """What an author set for a stem.

    Attributes:
        name: of the instrument or channel.
        role: of mixing.audio.roles.ROLES.
        volume: 0 to 1 on the author's fader; None where the source has none.
        pan: -1 (left) to 1; None where the source has none.
    """

    name: str
    role: str
    volume: float | None
    pan: float | None

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return asdict(self)


@dataclass(frozen=True)
class Stems:
    """A song in parts, as its author balanced it: the mix is their sum.

    Attributes:
        audio: (2, frames) each, float32, at `rate` Hz.
        labels: one a stem.
    """

    audio: tuple[NDArray[np.float32], ...]
    labels: tuple[StemLabel, ...]
    rate: int

    @property
    def mix(self) -> NDArray[np.float32]:
        """The author's mix, (2, frames)."""
        return np.sum(self.audio, axis=0, dtype=np.float32)


def audible_stems(
    audio: list[NDArray[np.float32]], labels: list[StemLabel], rate: int, *, min_stems: int = MIN_STEMS
) -> Stems | None:
    """The stems that can be heard; None where too few are left or the song is too short."""
    powers = [float(np.mean(np.square(stem, dtype=np.float64))) if stem.size else 0.0 for stem in audio]
    floor = max(powers, default=0.0) * 10.0 ** (-MAX_BELOW_DB / 10.0)
    kept = [i for i, power in enumerate(powers) if power > max(floor, 1e-12)]
    if len(kept) < min_stems or audio[kept[0]].shape[1] < MIN_S * rate:
        return None
    return Stems(tuple(audio[i] for i in kept), tuple(labels[i] for i in kept), rate)
