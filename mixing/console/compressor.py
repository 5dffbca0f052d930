"""The compressor of a strip and of the mix bus: feed-forward, linked over the channels, decided at control rate.

A cell's mean square (of the louder channel) is smoothed, compared with the threshold through a soft knee, and the
reduction in decibels follows with attack and release. Each cell's gain is a straight line, so the gain moves no faster
than the detector sees. Source: D. Giannoulis, M. Massberg, J. D. Reiss, Digital dynamic range compressor design,
JAES 60 (6), 2012: gain computer first, branching smoother in the log domain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.console.spec import KNEE_DB, BusSettings, StripSettings

# The detector averages over half the attack time within these bounds: bass is heard as a level, not as a waveform,
# and fast settings stay fast.
MIN_AVERAGE_MS = 0.5
MAX_AVERAGE_MS = 10.0
# The gain moves by the attack time early, at most by this: what begins an attack is then held as well. That is what
# mixers were trained to expect of a compressor.
MAX_LOOK_AHEAD_MS = 15.0


@dataclass(frozen=True)
class Compression:
    """A compressor's settings, wherever it stands: threshold relative to the loudness of what enters it."""

    threshold_db: float
    ratio: float
    attack_ms: float
    release_ms: float
    makeup_db: float

    @classmethod
    def of_bus(cls, bus: BusSettings) -> Compression:
        """The glue compressor."""
        return cls(bus.glue_threshold_db, bus.glue_ratio, bus.glue_attack_ms, bus.glue_release_ms, bus.glue_makeup_db)

    @classmethod
    def of_strip(cls, strip: StripSettings) -> Compression:
        """A stem's compressor."""
        return cls(strip.threshold_db, strip.ratio, strip.attack_ms, strip.release_ms, strip.makeup_db)


def compressor_gains(
    mean_squares: NDArray[np.float32], compression: Compression, loudness_lufs: float, cell_s: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The compressor's gain over a whole song.

    Args:
        mean_squares: of the louder channel in each cell, (cells,), linear.
        loudness_lufs: of what enters the compressor.
        cell_s: how long a cell is, seconds.
    Returns: linear gains at the edges of the cells with the make-up, (cells + 1,), and the reduction in each cell,
        (cells,) dB, at least 0.
    """
    reduction_db = np.empty(mean_squares.size, dtype=np.float32)
    average_ms = min(max(compression.attack_ms / 2.0, MIN_AVERAGE_MS), MAX_AVERAGE_MS)
    follow(
        mean_squares,
        loudness_lufs + compression.threshold_db,
        1.0 - 1.0 / compression.ratio,
        _coefficient(average_ms, cell_s),
        _coefficient(compression.attack_ms, cell_s),
        _coefficient(compression.release_ms, cell_s),
        reduction_db,
    )
    look_ahead_ms = min(compression.attack_ms, MAX_LOOK_AHEAD_MS)
    n_ahead = min(round(1e-3 * look_ahead_ms / cell_s), reduction_db.size - 1)
    if n_ahead > 0:
        reduction_db[:-n_ahead] = reduction_db[n_ahead:]
    # In place: songs may last an hour.
    gains = np.empty(reduction_db.size + 1, dtype=np.float32)
    np.subtract(compression.makeup_db, reduction_db, out=gains[1:])
    gains[0] = gains[1]
    gains /= 20.0
    np.power(10.0, gains, out=gains)
    return gains, reduction_db


@numba.njit(nogil=True, cache=True)
def follow(
    mean_squares: NDArray[np.float32],
    threshold_dbfs: float,
    slope: float,
    average: float,
    attack: float,
    release: float,
    out: NDArray[np.float32],
) -> None:
    """Write the gain reduction of each cell, dB, into `out`.

    Args:
        slope: 1 - 1 / ratio.
        average, attack, release: shares of the way that the smoothers go in one cell, 0 to 1.
    """
    level = np.float64(mean_squares[0]) if mean_squares.size else 0.0
    reduction = 0.0
    for c in range(mean_squares.size):
        level += average * (np.float64(mean_squares[c]) - level)
        over = 10.0 * math.log10(level + 1e-20) - threshold_dbfs
        if over <= -KNEE_DB / 2.0:
            wanted = 0.0
        elif over >= KNEE_DB / 2.0:
            wanted = slope * over
        else:
            wanted = slope * (over + KNEE_DB / 2.0) ** 2 / (2.0 * KNEE_DB)
        reduction += (attack if wanted > reduction else release) * (wanted - reduction)
        out[c] = reduction


def _coefficient(time_ms: float, cell_s: float) -> float:
    return 1.0 - math.exp(-cell_s / (1e-3 * time_ms))
