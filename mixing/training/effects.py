"""What console settings do to a song's measurements, in closed form and differentiable: training without any audio.

Equalizer, width and mono-below act on third-octave levels as their analog prototypes do, which the console's filters
follow within a quarter of a decibel. The compressor acts on the
song's level histogram through its static curve; attack decides how much of that reaches the peaks. All results are
relative to the loudness after processing, because the delivery stage sets loudness anyway.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from mixing.audio.features import (
    LEVEL_BINS_DB,
    LEVELS,
    MID_BANDS,
    REGIONS_HZ,
    SHORT_TERM,
    SIDE_BANDS,
    STAT,
    THIRD_OCTAVES_HZ,
    k_weighting_db,
)
from mixing.console.biquads import SHELF_Q
from mixing.console.parameter import OFF_FADE, Parameter
from mixing.console.spec import BUS_VECTOR, CEILING_DBTP, KNEE_DB

# A peak this long is half caught by a compressor of equal attack time.
PEAK_MS = 30.0
# Bands this far below the loudness are inaudible: neither targets nor errors.
AUDIBLE_DB = -62.0


@dataclass(frozen=True)
class Outcome:
    """A batch of processed songs, as measured relative to their new loudness.

    Attributes:
        mid_db, side_db: third-octave levels, (batch, 28).
        eq_db: the equalizer's curve, (batch, 28).
        width_db: side over mid in three regions, (batch, 3).
        spread_db: standard deviation of 50 ms levels, (batch,).
        range_lu: loudness range, (batch,).
        plr_db: true peak over loudness before the limiter, (batch,).
        glue_db: how much the compressor lowers the loudness, at least 0, (batch,).
        makeup_db, drive_db: as set, (batch,).
        loudness_lufs: as requested, (batch,).
        limiting_db: what the limiter must take off to reach the requested loudness, at least 0, (batch,).
    """

    mid_db: torch.Tensor
    side_db: torch.Tensor
    eq_db: torch.Tensor
    width_db: torch.Tensor
    spread_db: torch.Tensor
    range_lu: torch.Tensor
    plr_db: torch.Tensor
    glue_db: torch.Tensor
    makeup_db: torch.Tensor
    drive_db: torch.Tensor
    loudness_lufs: torch.Tensor
    limiting_db: torch.Tensor


def physical(vector: torch.Tensor) -> dict[str, torch.Tensor]:
    """Normalized settings (batch, len(BUS_VECTOR)) to physical values by name, differentiable; off is 0."""
    return physical_values(BUS_VECTOR, vector)


def physical_values(parameters: Sequence[Parameter], vector: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same for any row of parameters, (batch, len(parameters)); those in dB that can be off are left out."""
    kept = ((i, p) for i, p in enumerate(parameters) if not (p.has_off and p.unit == "dB"))
    return {p.name: _to_physical(p, vector[:, i]) for i, p in kept}


def apply_settings(vector: torch.Tensor, stats: torch.Tensor) -> Outcome:
    """Predict what settings do to songs.

    Args:
        vector: normalized settings, (batch, len(BUS_VECTOR)).
        stats: measurements as in mixing.audio.features, (batch, N_STATS).
    """
    values = physical(vector)
    eq_db = bus_eq_db(values)
    mid, side = stats[:, MID_BANDS], stats[:, SIDE_BANDS]
    new_mid = mid + eq_db
    new_side = side + eq_db + values["width_db"][:, None] + mono_below_db(values["mono_below_hz"])
    k_shift, flat_shift = power_shifts_db(mid, side, new_mid, new_side)

    bins = torch.as_tensor(LEVEL_BINS_DB, dtype=stats.dtype)
    share = stats[:, LEVELS]
    reduction = glue_reduction_db(values, bins.expand(len(stats), -1))
    glued = bins - reduction
    glue_db = power_mean_db(bins.expand_as(glued), share) - power_mean_db(glued, share)
    spread_db = _spread(glued, share)
    # The measured spread is not exactly the histogram's: move it by the difference.
    spread_db = (stats[:, STAT["level_spread_db"]] + spread_db - _spread(bins.expand_as(glued), share)).clamp_min(0.0)
    short_term = stats[:, SHORT_TERM]
    steady = short_term - glue_reduction_db(values, short_term)
    range_lu = steady[:, -1] - steady[:, 1]

    plr_db = stats[:, STAT["plr_db"]]
    caught = PEAK_MS / (PEAK_MS + values["glue_attack_ms"])
    # The loudest twentieth of the levels stands for the moments that hold the peaks.
    loudest = (reduction * share * (share.flip(1).cumsum(1).flip(1) < 0.05)).sum(1) / (
        (share * (share.flip(1).cumsum(1).flip(1) < 0.05)).sum(1) + 1e-6
    )
    plr_after_glue = plr_db + flat_shift - k_shift - caught * loudest + glue_db
    plr_out = plr_after_glue - drive_crest_db(values["drive_db"], plr_after_glue)
    limiting_db = torch.relu(values["loudness_lufs"] + plr_out - CEILING_DBTP)
    return Outcome(
        mid_db=new_mid - k_shift[:, None],
        side_db=new_side - k_shift[:, None],
        eq_db=eq_db,
        width_db=region_width_db(new_mid, new_side),
        spread_db=spread_db,
        range_lu=range_lu,
        plr_db=plr_out,
        glue_db=glue_db,
        makeup_db=values["glue_makeup_db"],
        drive_db=values["drive_db"],
        loudness_lufs=values["loudness_lufs"],
        limiting_db=limiting_db,
    )


def bus_eq_db(values: dict[str, torch.Tensor]) -> torch.Tensor:
    """The five-band equalizer at the third octaves, (batch, 28) dB."""
    curve = shelf_db(values["low_shelf_hz"], values["low_shelf_db"], is_high=False)
    curve = curve + shelf_db(values["high_shelf_hz"], values["high_shelf_db"], is_high=True)
    for band in ("low", "mid", "high"):
        curve = curve + peak_db(values[f"{band}_peak_hz"], values[f"{band}_peak_db"], values[f"{band}_peak_q"])
    return curve


def peak_db(
    center_hz: torch.Tensor, gain_db: torch.Tensor, q: torch.Tensor, at_hz: np.ndarray | None = None
) -> torch.Tensor:
    """Response of a peak filter, (batch, n) dB. Source: the prototypes that `mixing.console.biquads` follows."""
    x2 = _from_center(center_hz, at_hz)
    amp, wide = _amp(gain_db), q.double()[:, None]
    off_center = (1.0 - x2).square()
    power = (off_center + (amp / wide).square() * x2) / (off_center + x2 / (amp * wide).square())
    return 10.0 * torch.log10(power).to(gain_db.dtype)


def shelf_db(
    corner_hz: torch.Tensor, gain_db: torch.Tensor, *, is_high: bool, at_hz: np.ndarray | None = None
) -> torch.Tensor:
    """Response of a shelf with the steepest monotonic slope, (batch, n) dB. Source: as `peak_db`."""
    x2 = _from_center(corner_hz, at_hz)
    amp = _amp(gain_db)
    around = amp / SHELF_Q**2 * x2
    near, far = (amp - x2).square() + around, (1.0 - amp * x2).square() + around
    power = amp.square() * (far / near if is_high else near / far)
    return 10.0 * torch.log10(power).to(gain_db.dtype)


def mono_below_db(cutoff_hz: torch.Tensor) -> torch.Tensor:
    """What the side signal loses to a second-order high-pass, (batch, 28) dB."""
    ratio = (cutoff_hz[:, None] / torch.as_tensor(THIRD_OCTAVES_HZ, dtype=cutoff_hz.dtype)) ** 4
    return -10.0 * torch.log10(1.0 + ratio)


def glue_reduction_db(values: dict[str, torch.Tensor], levels_db: torch.Tensor) -> torch.Tensor:
    """The glue compressor's gain reduction at these levels, (batch, n) dB, at least 0."""
    return reduction_db(values["glue_threshold_db"], values["glue_ratio"], levels_db)


def reduction_db(threshold_db: torch.Tensor, ratio: torch.Tensor, levels_db: torch.Tensor) -> torch.Tensor:
    """A compressor's static curve with its soft knee: gain reduction at these levels, (batch, n) dB, at least 0."""
    over = levels_db - threshold_db[:, None]
    slope = (1.0 - 1.0 / ratio)[:, None]
    in_knee = (over + KNEE_DB / 2.0).clamp(0.0, KNEE_DB).square() / (2.0 * KNEE_DB)
    return slope * torch.where(over > KNEE_DB / 2.0, over, in_knee)


def drive_crest_db(drive_db: torch.Tensor, plr_db: torch.Tensor) -> torch.Tensor:
    """How much saturation rounds the peaks off, dB: more on peaky songs."""
    return 0.25 * drive_db * torch.sigmoid((plr_db - 10.0) / 4.0)


def power_shifts_db(
    mid: torch.Tensor, side: torch.Tensor, new_mid: torch.Tensor, new_side: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Changes of K-weighted loudness and of plain power between two sets of band levels, each (batch,) dB."""
    k_db = _k_curve(mid.dtype)
    before, after = _sum_power(mid, side), _sum_power(new_mid, new_side)
    weights = 10.0 ** (k_db / 10.0)
    k_shift = 10.0 * torch.log10((after * weights).sum(1) / (before * weights).sum(1))
    return k_shift, 10.0 * torch.log10(after.sum(1) / before.sum(1))


def region_width_db(mid: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    """Side over mid in the three regions, (batch, 3) dB, not below -60."""
    ratios = []
    for low_hz, high_hz in REGIONS_HZ:
        inside = torch.as_tensor((low_hz <= THIRD_OCTAVES_HZ) & (high_hz > THIRD_OCTAVES_HZ))
        powers = [(10.0 ** (x[:, inside] / 10.0)).sum(1) for x in (side, mid)]
        ratios.append(10.0 * torch.log10((powers[0] + 1e-9 * powers[1]) / (powers[1] + 1e-20)))
    return torch.stack(ratios, dim=1).clamp(-60.0, 30.0)


def audible(bands_db: torch.Tensor) -> torch.Tensor:
    """Weights of third octaves that can be heard, (batch, 28), fading out within 6 dB."""
    return ((bands_db - AUDIBLE_DB) / 6.0).clamp(0.0, 1.0)


def tone_difference_db(a_db: torch.Tensor, b_db: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Band by band difference without the overall gain, (batch, 28) dB."""
    difference = a_db - b_db
    mean = (difference * weights).sum(1, keepdim=True) / (weights.sum(1, keepdim=True) + 1e-6)
    return difference - mean


def _to_physical(p: Parameter, position: torch.Tensor) -> torch.Tensor:
    inner = (position - OFF_FADE) / (1.0 - OFF_FADE) if p.has_off else position
    if p.scale == "log":
        value = p.low * torch.exp(math.log(p.high / p.low) * inner.clamp_min(0.0))
    else:
        value = p.low + (p.high - p.low) * inner.clamp_min(0.0)
    return torch.where(position < OFF_FADE, p.low * position / OFF_FADE, value) if p.has_off else value


def _from_center(center_hz: torch.Tensor, at_hz: np.ndarray | None) -> torch.Tensor:
    """Squared ratio of some frequencies to filters' centers, (batch, n) float64: far away little is left of float32."""
    hz = torch.as_tensor(THIRD_OCTAVES_HZ if at_hz is None else at_hz, dtype=torch.float64)
    return (hz / center_hz.double()[:, None]).square()


def _amp(gain_db: torch.Tensor) -> torch.Tensor:
    return torch.exp(gain_db.double()[:, None] * (math.log(10.0) / 40.0))


@lru_cache(maxsize=4)
def _k_curve(dtype: torch.dtype) -> torch.Tensor:
    return torch.as_tensor(k_weighting_db().copy(), dtype=dtype)


def _sum_power(mid: torch.Tensor, side: torch.Tensor) -> torch.Tensor:
    return 10.0 ** (mid / 10.0) + 10.0 ** (side / 10.0)


def power_mean_db(levels_db: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Level of the mean power of a histogram, (batch,) dB: levels and their shares, (batch, bins) each."""
    return 10.0 * torch.log10((share * 10.0 ** (levels_db / 10.0)).sum(1) / (share.sum(1) + 1e-6) + 1e-9)


def _spread(levels_db: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    total = share.sum(1, keepdim=True) + 1e-6
    mean = (share * levels_db).sum(1, keepdim=True) / total
    return torch.sqrt((share * (levels_db - mean).square()).sum(1) / total[:, 0] + 1e-6)
