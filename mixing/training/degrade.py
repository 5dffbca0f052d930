"""Damage done to good mixes, on their features alone: what the mixers learn to undo.

Equalization is additive in decibels, so random shelves, peaks and tilts are added to band levels and log-mel; width
moves the side; squashing or exaggerating scales levels around their mean. One song in ten stays untouched: its right
answer is almost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mixing.audio.features import (
    BAND_FLOOR_DB,
    LEVEL_BINS_DB,
    LEVELS,
    MID_BANDS,
    SHORT_TERM,
    SIDE_BANDS,
    STAT,
    THIRD_OCTAVES_HZ,
)
from mixing.audio.log_mel import LOG_MEL_MAX, LOG_MEL_MIN, mel_centers_hz
from mixing.training.damage import UNTOUCHED_SHARE, Damage, draw_damage
from mixing.training.effects import power_shifts_db, region_width_db


@dataclass(frozen=True)
class Degraded:
    """Damaged features: log_mel (batch, crops, 2, 64, 128), stats (batch, N_STATS), and who stayed untouched
    (batch,).
    """

    log_mel: torch.Tensor
    stats: torch.Tensor
    is_untouched: torch.Tensor


def degrade(
    log_mel: torch.Tensor, stats: torch.Tensor, generator: torch.Generator, *, untouched_share: float = UNTOUCHED_SHARE
) -> Degraded:
    """Damage a batch of songs at random.

    Args:
        log_mel: (batch, crops, 2, 64, 128) in bels.
        stats: (batch, N_STATS).
        untouched_share: part of the songs, at random, that comes back as it was.
    """
    return apply_damage(log_mel, stats, draw_damage(len(stats), generator, untouched_share=untouched_share))


def apply_damage(log_mel: torch.Tensor, stats: torch.Tensor, damage: Damage) -> Degraded:
    """Do to a batch of songs what a plan says; shapes as in `degrade`."""
    bands, mels = (damage.tone.curve_db(hz) for hz in (THIRD_OCTAVES_HZ, mel_centers_hz()))
    side_gain, factor = damage.side_db, damage.factor
    new_stats, k_shift = change_stats(stats, bands, side_gain, factor, damage.level_db)
    shift = mels[:, None, None, :, None] - k_shift[:, None, None, None, None]
    per_channel = torch.stack([torch.zeros_like(side_gain), side_gain], dim=1)[:, None, :, None, None]
    moved = log_mel + (shift + per_channel) / 10.0
    # Frames move away from, or towards, their excerpt's mean level by the same factor as the histogram.
    frame_level = log_mel[:, :, :1].mean(dim=3, keepdim=True)
    moved = moved + (factor - 1.0)[:, None, None, None, None] * (frame_level - frame_level.mean(dim=4, keepdim=True))
    return Degraded(moved.clamp(LOG_MEL_MIN, LOG_MEL_MAX), new_stats, damage.is_untouched)


def change_stats(
    stats: torch.Tensor, bands: torch.Tensor, side_gain: torch.Tensor, factor: torch.Tensor, level: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Measurements after a tone curve, side gain, level factor and gain; also the change of loudness that is taken out.

    Args:
        bands: (batch, 28) dB. side_gain, level: (batch,) dB. factor: (batch,), positive.
    """
    new = stats.clone()
    mid, side = stats[:, MID_BANDS], stats[:, SIDE_BANDS]
    new_mid = mid + bands
    new_side = side + bands + side_gain[:, None]
    k_shift, flat_shift = power_shifts_db(mid, side, new_mid, new_side)
    new[:, MID_BANDS] = (new_mid - k_shift[:, None]).clamp_min(BAND_FLOOR_DB)
    new[:, SIDE_BANDS] = (new_side - k_shift[:, None]).clamp_min(BAND_FLOOR_DB)
    width_change = region_width_db(new_mid, new_side) - region_width_db(mid, side)
    for i, name in enumerate(("low", "mid", "high")):
        column = STAT[f"side_mid_{name}_db"]
        new[:, column] = (stats[:, column] + width_change[:, i]).clamp(-60.0, 30.0)
    before, after = _total_width_db(mid, side), _total_width_db(new_mid, new_side)
    column = STAT["side_mid_db"]
    new[:, column] = (stats[:, column] + after - before).clamp(-60.0, 30.0)
    new[:, STAT["is_mono"]] = (new[:, column] < -55.0).float()
    column = STAT["correlation"]
    new[:, column] = (stats[:, column] + _correlation(after) - _correlation(before)).clamp(-1.0, 1.0)

    new[:, LEVELS] = _scaled_histogram(stats[:, LEVELS], factor)
    new[:, SHORT_TERM] = stats[:, SHORT_TERM] * factor[:, None]
    for name in ("range_lu", "level_spread_db"):
        new[:, STAT[name]] = stats[:, STAT[name]] * factor
    # Half of the peak-to-loudness ratio lies within 50 ms, where level factors do not reach.
    plr = stats[:, STAT["plr_db"]] * (0.5 + 0.5 * factor) + flat_shift - k_shift
    new[:, STAT["plr_db"]] = plr.clamp(1.0, 40.0)
    for name in ("low", "mid", "high"):
        new[:, STAT[f"crest_{name}_db"]] = stats[:, STAT[f"crest_{name}_db"]] * (0.5 + 0.5 * factor)
    new[:, STAT["loudness_lufs"]] = stats[:, STAT["loudness_lufs"]] + level + k_shift
    return new, k_shift


def _total_width_db(mid: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    mid_power, side_power = (10.0 ** (mid / 10.0)).sum(1), (10.0 ** (side / 10.0)).sum(1)
    return 10.0 * torch.log10((side_power + 1e-9 * mid_power) / mid_power)


def _correlation(width_db: torch.Tensor) -> torch.Tensor:
    ratio = 10.0 ** (width_db / 10.0)
    return (1.0 - ratio) / (1.0 + ratio)


def _scaled_histogram(share: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """A level histogram stretched around its mean by a factor; mass is split between the two nearest bins."""
    bins = torch.as_tensor(LEVEL_BINS_DB, dtype=share.dtype)
    step, n_bins = float(bins[1] - bins[0]), len(bins)
    mean = (share * bins).sum(1, keepdim=True) / (share.sum(1, keepdim=True) + 1e-6)
    position = ((mean + factor[:, None] * (bins - mean) - bins[0]) / step).clamp(0.0, n_bins - 1.0)
    lower = position.floor().clamp_max(n_bins - 2)
    upper_part = position - lower
    index = lower.long()
    result = torch.zeros_like(share)
    result.scatter_add_(1, index, share * (1.0 - upper_part))
    result.scatter_add_(1, index + 1, share * upper_part)
    return result
