"""The delivery stage, as `mixing.console.limiter` has it: the gain that reaches a loudness, and the look-ahead limiter.

The search for the gain is not differentiated; one step of Newton's method from where it ends has the exact gradient of
what was found. What the renderer trims at the end where a peak slipped through, at most hundredths of a decibel, stays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from mixing.audio.true_peak import ANNEX_2_TAPS
from mixing.console.kernels.cells import DELAY, N_TAPS
from mixing.console.limiter import ATTACK_DB_PER_MS, MARGIN_DB, MAX_STEP_DB, MAX_STEPS, RELEASE_MS, TOLERANCE_LU
from mixing.console.spec import CEILING_DBTP, MAX_LIMITING_DB
from mixing.console.torch_console.cells import amplified, decibels, k_energies, loudness_lufs
from mixing.console.torch_console.grid import Grid
from mixing.console.torch_console.scans import recovered

_CEILING_DB = CEILING_DBTP - MARGIN_DB
# The slope at the solution is taken over this much to either side.
SLOPE_STEP_DB = 0.02


@dataclass(frozen=True)
class Delivered:
    """Mixes at their loudness, and how they came there.

    Attributes:
        audio: (batch, 2, frames).
        gain_db: before the limiter, (batch,).
        max_limiting_db: the deepest reduction, at least 0, (batch,).
    """

    audio: Tensor
    gain_db: Tensor
    max_limiting_db: Tensor


def delivered(x: Tensor, spectrum: Tensor, target_lufs: Tensor, grid: Grid) -> Delivered:
    """Bring mixes to a loudness under the ceiling.

    Args:
        x: (batch, 2, frames).
        spectrum: of `x`, (batch, 2, bins).
        target_lufs: (batch,).
    """
    energies = k_energies(spectrum, grid).double()
    peaks = true_peaks(x, grid).double()
    target_lufs = target_lufs.double()
    is_heard = loudness_lufs(energies, grid)[1]
    gain_db = _solved_db(peaks, energies, target_lufs, grid)
    limiting = limiter_edges(peaks, gain_db, grid)
    edges = limiting * decibels(gain_db)[:, None]
    return Delivered(
        audio=amplified(x, torch.where(is_heard[:, None], edges, torch.ones_like(edges)), grid),
        gain_db=gain_db,
        max_limiting_db=-20.0 * torch.log10(limiting.amin(1)),
    )


def limiter_edges(peaks: Tensor, gain_db: Tensor, grid: Grid) -> Tensor:
    """The limiter's gain at the edges of the cells, (batch, cells + 1), linear, at most 1.

    Args:
        peaks: of cells, linear, before the gain, (batch, cells).
        gain_db: before the limiter, (batch,).
    """
    peaks_db = 20.0 * torch.log10(peaks.clamp_min(1e-9))
    allowed_db = (_CEILING_DB - peaks_db - gain_db[:, None]).clamp_max(0.0)
    allowed_db = torch.minimum(pad(allowed_db, (1, 0)), pad(allowed_db, (0, 1)))
    # Falling no faster than so much a cell is a running minimum of what is tilted by as much.
    tilt = (
        ATTACK_DB_PER_MS
        * 1e3
        * grid.cell_s
        * torch.arange(allowed_db.shape[1], dtype=allowed_db.dtype, device=allowed_db.device)
    )
    ahead_db = (allowed_db + tilt).flip(1).cummin(1).values.flip(1) - tilt
    return recovered(decibels(ahead_db), 1.0 - math.exp(-1e3 * grid.cell_s / RELEASE_MS))


def true_peaks(x: Tensor, grid: Grid) -> Tensor:
    """The highest that the interpolated signal reaches in each cell of either channel, (batch, cells), linear.

    Only where a cell peaks is it interpolated again, for the gradient. Source: ITU-R BS.1770-5, Annex 2.
    """
    padded = pad(x, (N_TAPS - 1, N_TAPS - 1))
    filters = _peak_filters(x)
    with torch.no_grad():
        which, at = _highest(padded, filters, grid)
    channel = which // len(filters)
    frames = at[..., None] + torch.arange(N_TAPS, device=x.device)
    around = padded.flatten(1).gather(1, (channel[..., None] * padded.shape[-1] + frames).flatten(1)).view(frames.shape)
    return (around * filters[which % len(filters)]).sum(-1).abs()


def _highest(padded: Tensor, filters: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Which filter on which channel is highest in each cell, and at which frame, (batch, cells) each."""
    batch, channels, _ = padded.shape
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        heights = conv1d(padded.reshape(batch * channels, 1, -1), filters[:, None]).abs()
    highest, which = heights.view(batch, channels * len(filters), -1).max(1)
    # Heights lie DELAY frames behind; what lies before the first cell and behind the last counts for those.
    n_behind = N_TAPS - 1 - DELAY
    inside = pad(highest[:, DELAY:], (0, max(0, grid.n_cells * grid.cell - highest.shape[1] + DELAY)))
    in_cells = inside[:, : grid.n_cells * grid.cell].unflatten(1, (grid.n_cells, grid.cell)).max(2)
    at = in_cells.indices + grid.cell * torch.arange(grid.n_cells, device=padded.device) + DELAY
    at = at.clamp_max(highest.shape[1] - 1)
    for cell, low, high in ((0, 0, DELAY), (-1, grid.n_frames - n_behind + DELAY, highest.shape[1])):
        low = max(low, 0)
        more = highest[:, low:high].max(1)
        is_more = more.values > highest.gather(1, at)[:, cell]
        at[:, cell] = torch.where(is_more, low + more.indices, at[:, cell])
    return which.gather(1, at), at


def _peak_filters(x: Tensor) -> Tensor:
    """The four phases, and the frame itself, as correlations, (5, 12)."""
    itself = np.zeros((1, N_TAPS))
    itself[0, N_TAPS - 1 - DELAY] = 1.0
    return torch.as_tensor(np.concatenate([ANNEX_2_TAPS[:, ::-1], itself]), dtype=x.dtype, device=x.device)


def _solved_db(peaks: Tensor, energies: Tensor, target_lufs: Tensor, grid: Grid) -> Tensor:
    """The gain that reaches the target or, where that needs more than MAX_LIMITING_DB, what that allows, (batch,)."""
    most_db = _CEILING_DB - 20.0 * torch.log10(peaks.amax(1).clamp_min(1e-9)) + MAX_LIMITING_DB

    def reached(gain_db: Tensor) -> Tensor:
        return loudness_lufs(energies, grid, limiter_edges(peaks, gain_db, grid))[0] + gain_db

    with torch.no_grad():
        found_db = _search(reached, target_lufs, loudness_lufs(energies, grid)[0], most_db)
        slope = (reached(found_db + SLOPE_STEP_DB) - reached(found_db - SLOPE_STEP_DB)) / (2.0 * SLOPE_STEP_DB)
    exact_db = found_db + (target_lufs - reached(found_db)) / slope.clamp(0.1, 1.0)
    return torch.minimum(exact_db, most_db)


def _search(reached: Callable[[Tensor], Tensor], target_lufs: Tensor, own_lufs: Tensor, most_db: Tensor) -> Tensor:
    """Secant steps as in `mixing.console.limiter.solve`, each song until it is near, (batch,) dB."""
    gain_db = torch.minimum(target_lufs - own_lufs, most_db)
    lufs = reached(gain_db)
    before_db, before_lufs = gain_db - 1.0, lufs - 1.0
    for _ in range(MAX_STEPS):
        is_near = ((lufs - target_lufs).abs() <= TOLERANCE_LU) | ((gain_db >= most_db) & (lufs <= target_lufs))
        if bool(is_near.all()):
            break
        moved_db = gain_db - before_db
        slope = torch.where(moved_db == 0.0, 1.0, (lufs - before_lufs) / torch.where(moved_db == 0.0, 1.0, moved_db))
        step_db = ((target_lufs - lufs) / slope.clamp(0.1, 1.0)).clamp(-MAX_STEP_DB, MAX_STEP_DB)
        before_db, before_lufs = gain_db, lufs
        gain_db = torch.where(is_near, gain_db, torch.minimum(gain_db + step_db, most_db))
        lufs = reached(gain_db)
    return gain_db
