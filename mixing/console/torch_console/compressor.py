"""The compressor's gain on cells, as `mixing.console.compressor` has it, differentiable in every setting.

The look-ahead is of whole cells, and its gradient that of a straight line between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mixing.console.compressor import MAX_AVERAGE_MS, MAX_LOOK_AHEAD_MS, MIN_AVERAGE_MS
from mixing.console.spec import KNEE_DB
from mixing.console.torch_console.cells import decibels
from mixing.console.torch_console.scans import followed


@dataclass(frozen=True)
class Compressions:
    """A batch of compressors' settings, (rows,) each; see `mixing.console.compressor.Compression`."""

    threshold_db: Tensor
    ratio: Tensor
    attack_ms: Tensor
    release_ms: Tensor
    makeup_db: Tensor

    @classmethod
    def of(cls, settings: dict[str, Tensor], prefix: str = "") -> Compressions:
        """From settings by name; those of the mix bus have the prefix `glue_`."""
        names = ("threshold_db", "ratio", "attack_ms", "release_ms", "makeup_db")
        return cls(*(settings[prefix + name] for name in names))


def compressor_gains(
    mean_squares: Tensor, settings: Compressions, lufs: Tensor, cell_s: float
) -> tuple[Tensor, Tensor]:
    """The compressor's gain over whole songs.

    Args:
        mean_squares: of the louder channel in each cell, (rows, cells), linear.
        lufs: loudness of what enters, (rows,).
        cell_s: how long a cell is, seconds.
    Returns: linear gains at the edges of the cells with the make-up, (rows, cells + 1), and the reduction in each cell,
        (rows, cells) dB, at least 0.
    """
    attack_ms = settings.attack_ms
    average = _coefficient((0.5 * attack_ms).clamp(MIN_AVERAGE_MS, MAX_AVERAGE_MS), cell_s)
    level = followed(mean_squares, average, average, mean_squares[:, 0])
    over = 10.0 * torch.log10(level + 1e-20) - (lufs + settings.threshold_db)[:, None].to(level.dtype)
    wanted = (1.0 - 1.0 / settings.ratio)[:, None].to(level.dtype) * above_knee(over)
    attack, release = _coefficient(attack_ms, cell_s), _coefficient(settings.release_ms, cell_s)
    reduction_db = followed(wanted, attack, release, torch.zeros_like(wanted[:, 0]))
    ahead = 1e-3 * attack_ms.double().clamp_max(MAX_LOOK_AHEAD_MS) / cell_s
    reduction_db = moved_ahead(reduction_db, ahead)
    gains_db = settings.makeup_db[:, None].to(level.dtype) - reduction_db
    return decibels(torch.cat([gains_db[:, :1], gains_db], dim=1)), reduction_db


def above_knee(over_db: Tensor) -> Tensor:
    """How far a level lies above the threshold, with the soft knee, dB, at least 0."""
    in_knee = (over_db + KNEE_DB / 2.0).clamp(0.0, KNEE_DB).square() / (2.0 * KNEE_DB)
    return torch.where(over_db >= KNEE_DB / 2.0, over_db, in_knee)


def moved_ahead(values: Tensor, n_cells: Tensor) -> Tensor:
    """Move values, (rows, cells), ahead by a number of cells, (rows,); the last ones stay where they are.

    The number is rounded as the renderer does, and has the gradient of a line through the cells around it.
    """
    n = n_cells.detach().round().long().clamp_max(values.shape[1] - 1)
    slope = 0.5 * (_shifted(values, n + 1) - _shifted(values, (n - 1).clamp_min(0)))
    way = (n_cells - n_cells.detach())[:, None].to(values.dtype)
    return _shifted(values, n) + way * slope.detach()


def _shifted(values: Tensor, n_cells: Tensor) -> Tensor:
    cells = torch.arange(values.shape[1], device=values.device)
    later = cells + n_cells[:, None]
    return values.gather(1, torch.where(later < values.shape[1], later, cells))


def _coefficient(time_ms: Tensor, cell_s: float) -> Tensor:
    return 1.0 - torch.exp(-1e3 * cell_s / time_ms.double())
