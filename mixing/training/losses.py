"""How far a mix is from what a style wanted, measured on outcomes.

Never on equalizer settings: many settings sound the same, and averaging two of them sounds like neither. Every term is
divided by an amount that a listener would call clearly different, so that the weights between terms mean something.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn import functional

from mixing.audio.features import MID_BANDS, THIRD_OCTAVES_HZ
from mixing.console.spec import BUS_VECTOR, CEILING_DBTP, MAX_LIMITING_DB, NEUTRAL_BUS_VECTOR
from mixing.training.effects import (
    Outcome,
    apply_settings,
    audible,
    physical,
    tone_difference_db,
)

TONE_DB, WIDTH_DB, SPREAD_DB, LOUDNESS_DB, DRIVE_DB, MAKEUP_DB = 2.5, 4.0, 1.2, 2.0, 4.0, 2.0
# The same for mono-below, as a share of its range.
MONO_SHARE = 0.35
# The lows' width hardly matters to the ear.
REGION_WEIGHTS = (0.2, 1.0, 1.0)
PRIOR_WEIGHT = 0.02
# Corners and Q may wander where it helps a song: their pull is a fraction of the others'.
LOOSE_SHARE = 0.2
# A compressor rests here, where a ratio above 1 begins to act; at its neutral it could never learn to.
RESTING_THRESHOLD_DB = -2.0
MAX_PLEASANT_RATIO = 4.0


@dataclass(frozen=True)
class Target:
    """What a style wants of a batch of songs; see mixing.training.styles.Style for the scalars.

    Attributes:
        mid_db: third octaves up to a common gain, (batch, 28).
        width_db: side over mid by region, (batch, 3).
        spread_db, loudness_lufs, drive_db, mono_below_hz: (batch,).
    """

    mid_db: torch.Tensor
    width_db: torch.Tensor
    spread_db: torch.Tensor
    loudness_lufs: torch.Tensor
    drive_db: torch.Tensor
    mono_below_hz: torch.Tensor
    limiting_budget_db: float
    max_gain_db: float
    movement_weight: float
    attack_ms: float
    release_ms: float

    def rows(self, chosen: torch.Tensor) -> Target:
        """The same for some songs of the batch."""
        parts: dict[str, Any] = {k: v[chosen] for k, v in vars(self).items() if isinstance(v, torch.Tensor)}
        return replace(self, **parts)


def style_loss(
    vector: torch.Tensor, stats: torch.Tensor, target: Target
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Loss of settings for songs, (batch,), and its terms by name, each (batch,).

    Args:
        vector: normalized settings, (batch, len(BUS_VECTOR)).
        stats: measurements of the songs as the mixer heard them, (batch, N_STATS).
    """
    out, values = apply_settings(vector, stats), physical(vector)
    weights = band_weights(target.mid_db, stats)
    tone = tone_difference_db(out.mid_db, target.mid_db, weights)
    width = (out.width_db - target.width_db).clamp(-12.0, 12.0)
    regions = torch.tensor(REGION_WEIGHTS)
    # Loudness is asked for only as far as the peaks allow.
    allowed = CEILING_DBTP + target.limiting_budget_db - out.plr_db.detach()
    wanted_lufs = torch.minimum(target.loudness_lufs, allowed).clamp(-24.0, -7.0)
    # In its "off" part this parameter is inaudible and could not learn from the outcome: its position is compared.
    mono = vector[:, _MONO] - _mono_position(target.mono_below_hz)
    moved = (out.eq_db.abs() * weights).sum(1) / weights.sum(1)
    gains = torch.stack([v.abs() for name, v in values.items() if name.endswith(("shelf_db", "peak_db"))], dim=1)
    # Songs unlike all others would be bent furthest towards them.
    too_far = torch.relu(gains - target.max_gain_db).sum(1) + torch.relu(out.eq_db.abs() - target.max_gain_db).mean(1)
    terms = {
        "tone": (_huber(tone / TONE_DB) * weights).sum(1) / weights.sum(1),
        "width": 0.4 * (_huber(width / WIDTH_DB) * regions).sum(1) / regions.sum(),
        "spread": 0.4 * _huber((out.spread_db - target.spread_db) / SPREAD_DB),
        "loudness": 0.4 * _huber((values["loudness_lufs"] - wanted_lufs) / LOUDNESS_DB),
        "drive": 0.3 * _huber((values["drive_db"] - target.drive_db) / DRIVE_DB),
        "makeup": 0.3 * _huber((values["glue_makeup_db"] - out.glue_db) / MAKEUP_DB),
        "mono": 0.2 * _huber(mono / MONO_SHARE),
        "limiting": torch.relu(out.limiting_db - MAX_LIMITING_DB),
        "movement": target.movement_weight * moved + 0.3 * too_far,
        "prior": PRIOR_WEIGHT * _prior(vector, values, target),
    }
    return torch.stack(list(terms.values())).sum(0), terms


def imitation_loss(vector: torch.Tensor, stats: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """How differently two answers sound on the same songs, (batch,): what distillation minimizes.

    Args:
        teacher: the settings to imitate, (batch, len(BUS_VECTOR)).
    """
    mine = apply_settings(vector, stats)
    with torch.no_grad():
        theirs = apply_settings(teacher, stats)
    weights = band_weights(stats[:, MID_BANDS], stats)
    tone = tone_difference_db(mine.mid_db, theirs.mid_db, weights)
    total = (_huber(tone / (0.4 * TONE_DB)) * weights).sum(1) / weights.sum(1)
    total = total + 0.4 * _huber((mine.width_db - theirs.width_db).clamp(-12.0, 12.0) / WIDTH_DB).mean(1)
    for a, b, scale in _pairs(mine, theirs):
        total = total + 0.4 * _huber((a - b) / scale)
    # Times, corners and Q hardly show in the outcome: they are kept near the teacher's own.
    return total + 0.5 * (vector - teacher).square().mean(1)


def band_weights(target_mid_db: torch.Tensor, stats: torch.Tensor) -> torch.Tensor:
    """How much each third octave counts, (batch, 28): audible before and wanted after; the outermost octaves half."""
    inner = torch.as_tensor((THIRD_OCTAVES_HZ > 45.0) & (THIRD_OCTAVES_HZ < 12_000.0)).float()
    return audible(stats[:, MID_BANDS]) * audible(target_mid_db) * (0.4 + 0.6 * inner) + 1e-4


def _pairs(mine: Outcome, theirs: Outcome) -> tuple[tuple[torch.Tensor, torch.Tensor, float], ...]:
    return (
        (mine.spread_db, theirs.spread_db, SPREAD_DB),
        (mine.loudness_lufs, theirs.loudness_lufs, LOUDNESS_DB),
        (mine.drive_db, theirs.drive_db, DRIVE_DB),
        (mine.makeup_db, theirs.makeup_db, MAKEUP_DB),
    )


def _prior(vector: torch.Tensor, values: dict[str, torch.Tensor], target: Target) -> torch.Tensor:
    """Gentle pulls on what the outcomes leave open."""
    loose = [i for i, p in enumerate(BUS_VECTOR) if p.name.endswith(("_hz", "_q")) and p.name != "mono_below_hz"]
    neutral = torch.from_numpy(NEUTRAL_BUS_VECTOR[loose])
    return (
        LOOSE_SHARE * (vector[:, loose] - neutral).square().sum(1)
        + _huber((values["glue_threshold_db"] - RESTING_THRESHOLD_DB) / 6.0)
        + torch.relu(values["glue_ratio"] - MAX_PLEASANT_RATIO)
        + _huber(torch.log(values["glue_attack_ms"] / target.attack_ms) / math.log(2.0))
        + _huber(torch.log(values["glue_release_ms"] / target.release_ms) / math.log(2.0))
    )


_MONO = next(i for i, p in enumerate(BUS_VECTOR) if p.name == "mono_below_hz")


def _mono_position(cutoff_hz: torch.Tensor) -> torch.Tensor:
    """Normalized positions of cutoffs, (batch,)."""
    return torch.tensor([BUS_VECTOR[_MONO].to_normalized(float(hz)) for hz in cutoff_hz], dtype=cutoff_hz.dtype)


def _huber(x: torch.Tensor) -> torch.Tensor:
    return functional.huber_loss(x, torch.zeros_like(x), reduction="none", delta=1.0)
