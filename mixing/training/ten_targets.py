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


def ten_target_errors(out: Outcome, stats: torch.Tensor, target: Target) -> NDArray[np.float64]:
    """Absolute errors of each target, (songs, 10), scaled by ranges.

    Args:
        out: of the damaged songs behind the mixer.
        stats: measurements of the damaged songs, (songs, N_STATS).
        target: what the style wants of the originals.
    """
    weights = band_weights(target.mid_db, stats)
    wanted = _bands(target.mid_db - stats[:, MID_BANDS], weights)
    found = _bands(out.mid_db - stats[:, MID_BANDS], weights)
    loudness = target.loudness_lufs
    # Loudness is asked for only as far as the peaks allow.
    gain = out.loudness_lufs - stats[:, STAT["loudness_lufs"]], loudness - stats[:, STAT["loudness_lufs"]]
    heard_spread = stats[:, STAT["level_spread_db"]]
    width_now = out.width_db[:, 1:].mean(1)
    columns = [
        _error(*gain, GAIN_DB),
        *(_error(found[:, i], wanted[:, i], BAND_DB) for i in range(len(BANDS_HZ))),
        _error(out.spread_db - heard_spread, target.spread_db - heard_spread, SPREAD_DB),
        _error(width_now, target.width_db[:, 1:].mean(1), WIDTH_DB),
        torch.zeros(len(stats)),
        _error(out.loudness_lufs, loudness, LOUDNESS_LUFS),
    ]
    return torch.stack(columns, dim=1).numpy().astype(np.float64)


def _bands(curve: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """A third-octave curve in five bands around its own mean, (songs, 5) dB."""
    level = curve - (curve * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
    parts = []
    for low, high in BANDS_HZ:
        inside = torch.as_tensor((low < THIRD_OCTAVES_HZ) & (high >= THIRD_OCTAVES_HZ)).float() * weights
        parts.append((level * inside).sum(1) / (inside.sum(1) + 1e-6))
    return torch.stack(parts, dim=1)


def _error(found: torch.Tensor, wanted: torch.Tensor, limits: tuple[float, float]) -> torch.Tensor:
    """Absolute error of values that are cut to their range first, as a share of it."""
    low, high = limits
    return (found.clamp(low, high) - wanted.clamp(low, high)).abs() / (high - low)
