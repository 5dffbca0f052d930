"""A small step to where neither parent is: blending alone never leaves the hull of the founders' answers.

It is made in output space, because there its size means the same for every mixer: the healing target is shifted by one
vector of normalized settings. It goes uphill in what the genre's listeners may like, drawn from what their votes tell:
anywhere while they tell nothing, and where they want to go once they do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.breeding.taste import TastePosterior

# rms over all settings, normalized units.
MIN_SIZE, MAX_SIZE = 0.02, 0.05
_STREAM = 0x6D75


def draw_mutation(
    taste: TastePosterior, at: NDArray[np.floating], seed: int, attempt: int = 0
) -> NDArray[np.float32] | None:
    """The mutation of a breeding, (len(BUS_VECTOR),), with an rms between MIN_SIZE and MAX_SIZE.

    Args:
        at: the style that the blend would have.
        seed: of the breeding, at least 0; the same seed and attempt draw the same.
    Returns: None where the drawn liking has its best style nearer than MIN_SIZE.
    """
    rng = np.random.default_rng([seed, attempt, _STREAM])
    size = rng.uniform(MIN_SIZE, MAX_SIZE)
    step = taste.draw(rng).climb(at)
    far = float(np.sqrt(np.mean(np.square(step))))
    return None if far < MIN_SIZE else (step * min(1.0, size / far)).astype(np.float32)


def mutated(target: NDArray[np.float32], mutation: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """A healing target (songs, settings) shifted by a mutation, still within [0, 1]."""
    return target if mutation is None else np.clip(target + mutation, 0.0, 1.0)
