"""What strip settings do to a stem's measurements, in closed form and differentiable: level, tone and balance.

The counterpart of mixing.training.effects for channel strips. Reverb and drive are left out: drive keeps the level, and
what the reverb adds at the sends that are used is small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from mixing.audio.features import LEVEL_BINS_DB, LEVELS, MID_BANDS, SIDE_BANDS, STAT
from mixing.console.spec import STRIP
from mixing.training.effects import (
    mono_below_db,
    peak_db,
    physical_values,
    power_mean_db,
    power_shifts_db,
    reduction_db,
    shelf_db,
)

# A stem's balance cannot be told, and is not compared, beyond this.
MAX_BALANCE_DB = 24.0


@dataclass(frozen=True)
class StripOutcome:
    """Stems behind their strips.

    Attributes:
        mid_db: third octaves relative to the stem's new loudness, (stems, 28).
        gain_lu: change of the stem's loudness, (stems,).
        balance_db: left over right, (stems,).
    """

    mid_db: torch.Tensor
    gain_lu: torch.Tensor
    balance_db: torch.Tensor


def apply_strips(vectors: torch.Tensor, stats: torch.Tensor) -> StripOutcome:
    """Predict what strips do to stems.

    Args:
        vectors: normalized strips, (stems, len(STRIP)).
        stats: measurements of the stems, (stems, N_STATS).
    """
    values = physical_values(STRIP, vectors)
    eq_db = strip_eq_db(values)
    mid, side = stats[:, MID_BANDS], stats[:, SIDE_BANDS]
    new_mid, new_side = mid + eq_db, side + eq_db
    k_shift, plain_shift = power_shifts_db(mid, side, new_mid, new_side)
    # The compressor hears plain power, and its threshold follows the loudness behind the equalizer.
    bins = torch.as_tensor(LEVEL_BINS_DB, dtype=stats.dtype) + (plain_shift - k_shift)[:, None]
    share = stats[:, LEVELS]
    pressed = bins - reduction_db(values["threshold_db"], values["ratio"], bins)
    press_lu = power_mean_db(pressed, share) - power_mean_db(bins, share)
    is_mono = stats[:, STAT["is_mono"]] > 0.5
    pan_lu, balance_db = _panned(values["pan"], stats[:, STAT["balance_db"]], is_mono)
    return StripOutcome(
        mid_db=new_mid - k_shift[:, None],
        gain_lu=k_shift + press_lu + values["makeup_db"] + values["fader_db"] + pan_lu,
        balance_db=balance_db,
    )


def strip_eq_db(values: dict[str, torch.Tensor]) -> torch.Tensor:
    """The strip's equalizer at the third octaves, (stems, 28) dB."""
    return (
        mono_below_db(values["high_pass_hz"])  # the side's high-pass is the same filter
        + shelf_db(values["low_shelf_hz"], values["low_shelf_db"], is_high=False)
        + shelf_db(values["high_shelf_hz"], values["high_shelf_db"], is_high=True)
        + peak_db(values["low_peak_hz"], values["low_peak_db"], values["low_peak_q"])
        + peak_db(values["high_peak_hz"], values["high_peak_db"], values["high_peak_q"])
    )


def _panned(pan: torch.Tensor, balance_db: torch.Tensor, is_mono: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Change of loudness and new balance; see mixing.console.strip.pan_gains. At the very end a hair of the far side
    stays, so that gradients do.
    """
    angle = pan.abs() * (0.98 * math.pi / 2.0)
    far_db = 20.0 * torch.log10(torch.cos(angle))
    left_share = torch.sigmoid(balance_db * (math.log(10.0) / 10.0))
    far_share = torch.where(pan > 0.0, left_share, 1.0 - left_share)
    stereo_lu = 10.0 * torch.log10(1.0 - far_share + far_share * 10.0 ** (far_db / 10.0))
    stereo_balance = balance_db + torch.sign(pan) * far_db
    mono_angle = (0.98 * pan + 1.0) * (math.pi / 4.0)
    mono_balance = 20.0 * torch.log10(torch.cos(mono_angle) / torch.sin(mono_angle))
    lu = torch.where(is_mono, torch.zeros_like(stereo_lu), stereo_lu)
    return lu, torch.where(is_mono, mono_balance, stereo_balance).clamp(-MAX_BALANCE_DB, MAX_BALANCE_DB)
