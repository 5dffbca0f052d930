"""What an offspring really inherited, read off its outputs instead of its plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import BUS_GROUP_INDICES

# Parents whose outputs differ less than this (rms, normalized) in a group leave nothing to inherit there.
MIN_DIFFERENCE = 1e-3


def realized_inheritance(
    child: NDArray[np.float32], loser: NDArray[np.float32], winner: NDArray[np.float32]
) -> dict[str, float | None]:
    """Measure the winner's share in the child's outputs per group: <c - l, w - l> / |w - l|^2.

    Args:
        child, loser, winner: (songs, settings) normalized outputs on the same songs, columns as in BUS_VECTOR.
    Returns: 0 for a group that behaves as the loser's, 1 as the winner's; beyond for an overshoot; None where the
        parents do not differ.
    """
    shares: dict[str, float | None] = {}
    for group, columns in BUS_GROUP_INDICES.items():
        index = list(columns)
        way = (winner[:, index] - loser[:, index]).astype(np.float64)
        gone = (child[:, index] - loser[:, index]).astype(np.float64)
        if np.sqrt(np.mean(way**2)) < MIN_DIFFERENCE:
            shares[group] = None
        else:
            shares[group] = float(np.sum(gone * way) / np.sum(way**2))
    return shares
