"""Levels, energies, loudness and gains on cells, as the renderer takes them, differentiable."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mixing.audio.gating import ABSOLUTE_GATE_LUFS, BLOCK_HOPS, OFFSET_LU, RELATIVE_GATE_LU
from mixing.console.torch_console.grid import Grid

_ABSOLUTE_GATE = 10.0 ** ((ABSOLUTE_GATE_LUFS - OFFSET_LU) / 10.0)
_RELATIVE_GATE = 10.0 ** (RELATIVE_GATE_LU / 10.0)


def decibels(db: Tensor) -> Tensor:
    """Linear gain of decibels; 0, with a gradient of 0, of -inf."""
    return torch.exp(db * (math.log(10.0) / 20.0))


def mean_squares(x: Tensor, grid: Grid) -> Tensor:
    """Mean square of the louder channel in each cell, (rows, channels, frames) to (rows, cells)."""
    sums = grid.in_cells(x).square().sum(-1)
    n_last = grid.n_frames - (grid.n_cells - 1) * grid.cell
    sizes = torch.full_like(sums[0, 0], float(grid.cell))
    sizes[-1] = float(n_last)
    return (sums / sizes).amax(1)


def k_energies(spectrum: Tensor, grid: Grid) -> Tensor:
    """K-weighted energy of each cell, summed over the channels, (rows, channels, bins) to (rows, cells)."""
    return grid.in_cells(grid.signal(spectrum * grid.k_response)).square().sum((1, 3))


def loudness_lufs(energies: Tensor, grid: Grid, gains: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Integrated loudness; what the gates let through is taken as given, so the gradient is that of its mean.

    Args:
        energies: of cells, (rows, cells).
        gains: linear, at the edges of the cells, (rows, cells + 1).
    Returns: LUFS, (rows,) float64, 0 where nothing passes the absolute gate; and whether anything does, (rows,).
    Source: ITU-R BS.1770-5, Annex 1.
    """
    blocks = _moving_mean(hop_powers(energies, gains, grid))
    with torch.no_grad():
        loud = blocks > _ABSOLUTE_GATE
        mean = (blocks * loud).sum(1, keepdim=True) / loud.sum(1, keepdim=True).clamp_min(1)
        kept = loud & (blocks > _RELATIVE_GATE * mean)
        n_kept = kept.sum(1)
    is_heard = n_kept > 0
    power = torch.where(kept, blocks, 0.0).sum(1) / n_kept.clamp_min(1)
    return torch.where(is_heard, OFFSET_LU + 10.0 * torch.log10(torch.where(is_heard, power, 1.0)), 0.0), is_heard


def hop_powers(energies: Tensor, gains: Tensor | None, grid: Grid) -> Tensor:
    """Mean square of each whole 100 ms, or of a song that is shorter, (rows, hops); gains as in `loudness_lufs`."""
    energies = energies.double()
    if gains is not None:
        a, b = gains[:, :-1].double(), gains[:, 1:].double()
        energies = energies * (a * a + a * b + b * b) / 3.0
    powers = energies.new_zeros(len(energies), grid.n_hops + 2)
    # A song may end up to a hop behind its last whole one, and cells reach over into the next.
    at = grid.hop_of_cell.clamp_max(grid.n_hops)
    powers = powers.index_add(1, at, energies * grid.share_of_cell)
    powers = powers.index_add(1, at + 1, energies * (1.0 - grid.share_of_cell))
    return powers[:, : grid.n_hops] / grid.hop


def amplified(x: Tensor, gains: Tensor, grid: Grid) -> Tensor:
    """Apply gains that move along straight lines within each cell.

    Args:
        x: (rows, channels, frames).
        gains: linear, at the edges of the cells, (rows, cells + 1).
    """
    way = torch.arange(grid.cell, dtype=x.dtype, device=x.device) / grid.cell
    at_edges = gains.to(x.dtype)
    lines = torch.lerp(at_edges[:, :-1, None], at_edges[:, 1:, None], way)
    return x * lines.flatten(1)[:, None, : grid.n_frames]


def _moving_mean(hops: Tensor) -> Tensor:
    return hops.unfold(1, min(BLOCK_HOPS, hops.shape[1]), 1).mean(-1)
