"""A small step to where neither parent is: blending alone never leaves the hull of the founders' answers.

It is made in output space, because there its size means the same for every mixer: the healing target is shifted by one
fixed vector of normalized settings. Directions are drawn evenly over the settings that carry taste. Corners and Q stay,
where a repair is aimed must not move, and so does the loudness, which is the same for both mixes of a battle anyway.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import BUS_VECTOR, DELIVERY

# rms over all settings, normalized units.
MIN_SIZE, MAX_SIZE = 0.02, 0.05
_FREE = np.array([not p.name.endswith(("_hz", "_q")) and p not in DELIVERY for p in BUS_VECTOR])
_STREAM = 0x6D75
# Share of the births that mutate: with every birth mutated, chance leads further astray than votes can lead back.
RATE = 0.05


def draw_mutation(seed: int, attempt: int = 0) -> NDArray[np.float32] | None:
    """The mutation of a breeding, (len(BUS_VECTOR),), with an rms between MIN_SIZE and MAX_SIZE; None for most births.

    Args:
        seed: of the breeding, at least 0; the same seed and attempt draw the same.
    """
    rng = np.random.default_rng([seed, attempt, _STREAM])
    if rng.random() >= RATE:
        return None
    size = rng.uniform(MIN_SIZE, MAX_SIZE)
    step = rng.standard_normal(len(BUS_VECTOR)) * _FREE
    return (step * size / np.sqrt(np.mean(np.square(step)))).astype(np.float32)


def mutated(target: NDArray[np.float32], mutation: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """A healing target (songs, settings) shifted by a mutation, still within [0, 1]."""
    return target if mutation is None else np.clip(target + mutation, 0.0, 1.0)
