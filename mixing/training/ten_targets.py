"""The field's usual headline number: mean absolute error of ten mixing targets, each scaled by its range to [0, 1].

Targets are what would bring a damaged song back to the original in the mixer's style: gain, five bands of equalization,
compression (the spread of levels), width, reverb and loudness. It says little: a target that hardly differs between
songs (reverb is always off for a stereo song, loudness is often a constant) has an error near 0 whatever a mixer hears,
and an error of 0.05 in a band is a decibel that everybody hears. Read it beside "mean settings", which hears nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, STAT, THIRD_OCTAVES_HZ
from mixing.training.effects import Outcome
from mixing.training.losses import Target, band_weights

BANDS_HZ = ((28.0, 112.0), (112.0, 450.0), (450.0, 1800.0), (1800.0, 5700.0), (5700.0, 18_000.0))
NAMES = ("gain", "low", "low middle", "middle", "high middle", "high", "compression", "width", "reverb", "loudness")
# (low, high) of each in its unit; see the console's specification.
GAIN_DB, BAND_DB, SPREAD_DB, WIDTH_DB, LOUDNESS_LUFS = (
    (-24.0, 24.0),
    (-9.0, 9.0),
    (-6.0, 6.0),
    (-12.0, 6.0),
    (-24.0, -7.0),
)


def wanted_targets(stats: torch.Tensor, target: Target) -> torch.Tensor:
    """What would bring damaged songs to their target, (songs, 10) in [0, 1].

    Args:
        stats: measurements of the damaged songs, (songs, N_STATS).
        target: what the style wants of the originals.
    """
    weights = band_weights(target.mid_db, stats)
    return _scaled(target.mid_db, target.spread_db, target.width_db, target.loudness_lufs, stats, weights)


def ten_target_errors(out: Outcome, stats: torch.Tensor, target: Target) -> NDArray[np.float64]:
    """Absolute errors of each target, (songs, 10), scaled by ranges.

    Args:
        out: of the damaged songs behind the mixer.
        stats, target: as in `wanted_targets`.
    """
    weights = band_weights(target.mid_db, stats)
    found = _scaled(out.mid_db, out.spread_db, out.width_db, out.loudness_lufs, stats, weights)
    return (found - wanted_targets(stats, target)).abs().numpy().astype(np.float64)


def _scaled(
    mid_db: torch.Tensor,
    spread_db: torch.Tensor,
    width_db: torch.Tensor,
    loudness_lufs: torch.Tensor,
    stats: torch.Tensor,
    weights: torch.Tensor,
) -> torch.Tensor:
    bands = _bands(mid_db - stats[:, MID_BANDS], weights)
    columns = [
        # Loudness is asked for only as far as the peaks allow.
        _share(loudness_lufs - stats[:, STAT["loudness_lufs"]], GAIN_DB),
        *(_share(bands[:, i], BAND_DB) for i in range(len(BANDS_HZ))),
        _share(spread_db - stats[:, STAT["level_spread_db"]], SPREAD_DB),
        _share(width_db[:, 1:].mean(1), WIDTH_DB),
        # The reverb of a stereo song is off, and asked to be.
        torch.zeros(len(stats)),
        _share(loudness_lufs, LOUDNESS_LUFS),
    ]
    return torch.stack(columns, dim=1)


def _bands(curve: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """A third-octave curve in five bands around its own mean, (songs, 5) dB."""
    level = curve - (curve * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
    parts = []
    for low, high in BANDS_HZ:
        inside = torch.as_tensor((low < THIRD_OCTAVES_HZ) & (high >= THIRD_OCTAVES_HZ)).float() * weights
        parts.append((level * inside).sum(1) / (inside.sum(1) + 1e-6))
    return torch.stack(parts, dim=1)


def _share(value: torch.Tensor, limits: tuple[float, float]) -> torch.Tensor:
    """Where values lie in their range, cut to it."""
    low, high = limits
    return (value.clamp(low, high) - low) / (high - low)
