"""The look-ahead true-peak limiter, and the gain before it that reaches a loudness: both solved at control rate.

Peaks and K-weighted energies of every cell are known before any gain is applied, so the search renders nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.console.energies import Energies, loudness_lufs
from mixing.console.spec import MAX_LIMITING_DB

# Gain that moves within the interpolation filter, and dither, may add this much to a peak.
MARGIN_DB = 0.05
# The gain falls this fast before a peak: 6 dB of limiting looks 3 ms ahead.
ATTACK_DB_PER_MS = 2.0
RELEASE_MS = 100.0
# The search stops this near its target; what is measured at the end may be off by ten times as much.
TOLERANCE_LU = 0.003
MAX_STEPS = 20
# Searching steps no further than this at once, dB.
MAX_STEP_DB = 12.0


@dataclass(frozen=True)
class Limiting:
    """What the delivery stage does.

    Attributes:
        gain_db: before the limiter.
        gains: of limiter and gain together, linear, at the edges of the cells, (cells + 1,).
        max_limiting_db: the deepest reduction, at least 0.
        loudness_lufs: as predicted from the cells.
        is_limited_by_headroom: the target was lowered, since it needs more than MAX_LIMITING_DB.
    """

    gain_db: float
    gains: NDArray[np.float32]
    max_limiting_db: float
    loudness_lufs: float
    is_limited_by_headroom: bool


def solve(
    peaks: NDArray[np.float32], energies: Energies, target_lufs: float, ceiling_dbtp: float, cell_s: float
) -> Limiting:
    """Find the gain that reaches a loudness under a ceiling.

    Args:
        peaks: true peak of each cell, (cells,), linear.
        energies: K-weighted, of the same cells.
        cell_s: how long a cell is, seconds.
    """
    own_lufs = loudness_lufs(energies)
    highest = float(peaks.max(initial=0.0))
    if highest == 0.0 or not math.isfinite(own_lufs):
        return Limiting(0.0, np.ones(peaks.size + 1, dtype=np.float32), 0.0, own_lufs, False)
    ceiling_lin = 10.0 ** ((ceiling_dbtp - MARGIN_DB) / 20.0)
    attack = 10.0 ** (ATTACK_DB_PER_MS * 1e3 * cell_s / 20.0)
    release = 1.0 - math.exp(-1e3 * cell_s / RELEASE_MS)
    edges = np.empty(peaks.size + 1, dtype=np.float32)

    def reached(gain_db: float) -> float:
        gain_lin = 10.0 ** (gain_db / 20.0)
        limit(peaks, gain_lin, ceiling_lin, attack, release, edges)
        return loudness_lufs(energies, edges) + gain_db

    most_db = 20.0 * math.log10(ceiling_lin / highest) + MAX_LIMITING_DB
    gain_db = min(target_lufs - own_lufs, most_db)
    lufs = reached(gain_db)
    before_db, before_lufs = gain_db - 1.0, lufs - 1.0
    for _ in range(MAX_STEPS):
        if abs(lufs - target_lufs) <= TOLERANCE_LU or (gain_db >= most_db and lufs <= target_lufs):
            break
        slope = (lufs - before_lufs) / (gain_db - before_db) if gain_db != before_db else 1.0
        step_db = (target_lufs - lufs) / min(max(slope, 0.1), 1.0)
        before_db, before_lufs = gain_db, lufs
        gain_db = min(gain_db + min(max(step_db, -MAX_STEP_DB), MAX_STEP_DB), most_db)
        lufs = reached(gain_db)
    deepest = float(edges.min())
    edges *= np.float32(10.0 ** (gain_db / 20.0))
    return Limiting(
        gain_db=gain_db,
        gains=edges,
        max_limiting_db=max(0.0, -20.0 * math.log10(deepest)),
        loudness_lufs=lufs,
        is_limited_by_headroom=lufs < target_lufs - 10.0 * TOLERANCE_LU,
    )


@numba.njit(nogil=True, cache=True)
def limit(
    peaks: NDArray[np.float32],
    gain: float,
    ceiling: float,
    attack: float,
    release: float,
    edges: NDArray[np.float32],
) -> None:
    """Write the limiter's gain at the edges of the cells, (cells + 1,), linear, at most 1.

    Args:
        peaks: before `gain`, linear.
        attack: the factor by which the gain may fall in one cell, above 1.
        release: the share of the way back to 1 in one cell, 0 to 1.
    """
    n = peaks.size
    edges[:] = np.float32(1.0)
    for c in range(n):
        height = gain * peaks[c]
        if height > ceiling:
            allowed = np.float32(ceiling / height)
            edges[c] = min(edges[c], allowed)
            edges[c + 1] = min(edges[c + 1], allowed)
    ahead = 1.0
    for c in range(n, -1, -1):
        ahead = min(np.float64(edges[c]), ahead * attack)
        edges[c] = ahead
    held = 1.0
    for c in range(n + 1):
        held = min(np.float64(edges[c]), held + release * (1.0 - held))
        edges[c] = held
