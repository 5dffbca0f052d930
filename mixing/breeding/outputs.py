"""What breeding needs to know of mixers' answers: that they are the same in a replay, and how far apart they lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: sums are then added up in one order, and a replay gives the same bits."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def rms_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Root of the mean squared difference of two sets of normalized settings."""
    return float(np.sqrt(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))
