"""What mixers answer on a feature set, one row of normalized settings a song."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.mixers.base import Mixer

BATCH = 8


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: sums are then added up in one order, and a replay gives the same bits."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def outputs(mixer: Mixer, log_mel: NDArray[np.float32], stats: NDArray[np.float32]) -> NDArray[np.float32]:
    """Normalized settings, (songs, settings), for features (songs, crops, 2, mels, frames) and (songs, N_STATS)."""
    rows = []
    with torch.no_grad():
        for start in range(0, len(stats), BATCH):
            part = slice(start, start + BATCH)
            mel = torch.from_numpy(log_mel[part])
            rows.append(mixer.network(mel, torch.from_numpy(stats[part])).numpy())
    return np.concatenate(rows).astype(np.float32)


def rms_distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Root of the mean squared difference of two sets of normalized settings."""
    return float(np.sqrt(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))
