"""What is done to good mixes before a mixer hears them: one plan for features (degrade.py) and audio (damage_audio.py).

Random shelves, peaks and tilts, a wrong width, levels squashed or exaggerated around their mean, and a gain. One song
in ten stays untouched: its right answer is almost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from mixing.training.effects import peak_db, shelf_db

UNTOUCHED_SHARE = 0.1
MAX_GAIN_DB = 9.0
MAX_TILT_DB = 1.5
MAX_LEVEL_DB = 12.0
# Side gains; a few songs become mono, which no width control can undo, so the mixers learn to leave them.
WIDTH_DB = (-9.0, 6.0)
MONO_SHARE = 0.04
MONO_DB = -80.0
# Factors on level differences: below 1 squashes, above exaggerates.
SPREAD_FACTORS = (0.6, 1.6)

Uniform = Callable[[float, float], torch.Tensor]


@dataclass(frozen=True)
class Tone:
    """Equalization of a batch: tilt (dB an octave around 1 kHz), two shelves, two peaks; every tensor (batch,)."""

    tilt_db: torch.Tensor
    low_hz: torch.Tensor
    low_db: torch.Tensor
    high_hz: torch.Tensor
    high_db: torch.Tensor
    peaks: tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], ...]

    def row(self, i: int) -> Tone:
        """The i-th of the batch, as a batch of one."""
        values = {k: v[i : i + 1] for k, v in vars(self).items() if isinstance(v, torch.Tensor)}
        peaks = tuple((hz[i : i + 1], gain[i : i + 1], q[i : i + 1]) for hz, gain, q in self.peaks)
        return Tone(**values, peaks=peaks)

    def curve_db(self, hz: np.ndarray) -> torch.Tensor:
        """The curve at these frequencies, (batch, n) dB."""
        octaves = torch.log2(torch.as_tensor(hz, dtype=torch.float32) / 1000.0)
        curve = self.tilt_db[:, None] * octaves
        curve = curve + shelf_db(self.low_hz, self.low_db, is_high=False, at_hz=hz)
        curve = curve + shelf_db(self.high_hz, self.high_db, is_high=True, at_hz=hz)
        for center, gain, q in self.peaks:
            curve = curve + peak_db(center, gain, q, at_hz=hz)
        return curve


@dataclass(frozen=True)
class Damage:
    """What happens to a batch of songs; every tensor (batch,).

    Attributes:
        side_db: gain of the side; MONO_DB makes mono.
        factor: on level differences.
        level_db: gain of everything.
        is_untouched: nothing of all this happens.
    """

    tone: Tone
    side_db: torch.Tensor
    factor: torch.Tensor
    level_db: torch.Tensor
    is_untouched: torch.Tensor


def draw_damage(n: int, generator: torch.Generator, *, untouched_share: float = UNTOUCHED_SHARE) -> Damage:
    """Draw damage for n songs.

    Args:
        untouched_share: part of the songs, at random, that stays as it is.
    """

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand((n,), generator=generator)

    untouched = uniform(0.0, 1.0) < untouched_share
    touched = (~untouched).float()
    tone = draw_tone(uniform, touched)
    side = uniform(*WIDTH_DB) * touched * (uniform(0.0, 1.0) < 0.7)
    to_mono = (uniform(0.0, 1.0) < MONO_SHARE) & ~untouched
    side = torch.where(to_mono, torch.full_like(side, MONO_DB), side)
    low, high = (math.log(f) for f in SPREAD_FACTORS)
    factor = torch.exp(uniform(low, high) * touched * (uniform(0.0, 1.0) < 0.6))
    level = uniform(-MAX_LEVEL_DB, MAX_LEVEL_DB) * touched
    return Damage(tone, side, factor, level, untouched)


def draw_tone(uniform: Uniform, touched: torch.Tensor) -> Tone:
    """Draw equalization.

    Args:
        uniform: draws (batch,) numbers between two limits.
        touched: (batch,) 0 for those that stay as they are, else 1.
    """
    tilt = uniform(-MAX_TILT_DB, MAX_TILT_DB) * touched * (uniform(0.0, 1.0) < 0.5)
    low_hz, high_hz = 60.0 * 6.0 ** uniform(0.0, 1.0), 2000.0 * 6.0 ** uniform(0.0, 1.0)
    peaks = []
    for _ in range(2):
        q = 0.4 * 8.0 ** uniform(0.0, 1.0)
        peaks.append((80.0 * 100.0 ** uniform(0.0, 1.0), _gain(uniform, touched), q))
    low_db, high_db = _gain(uniform, touched), _gain(uniform, touched)
    return Tone(tilt, low_hz, low_db, high_hz, high_db, tuple(peaks))


def _gain(uniform: Uniform, touched: torch.Tensor) -> torch.Tensor:
    """A filter's gain, dB; absent in three of ten draws, so that a song gets one to four of them."""
    return uniform(-MAX_GAIN_DB, MAX_GAIN_DB) * touched * (uniform(0.0, 1.0) < 0.7)
