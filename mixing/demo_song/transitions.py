"""The part between the parts: risers, reversed cymbals and impacts that lead from section to section."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.demo_song.arrangement import BEAT_S, bar_start_s, section_starts
from mixing.demo_song.effects import place, reverb
from mixing.demo_song.filters import highpass, swept_lowpass
from mixing.demo_song.oscillators import CONTROL_FRAMES, n_controls
from mixing.demo_song.score import BEATS_PER_BAR

Array = NDArray[np.float64]

_BAR_S = BEATS_PER_BAR * BEAT_S


def transitions(n_frames: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make the part, (2, frames)."""
    part = np.zeros((2, n_frames))
    for section, bar in section_starts():
        start_s = bar_start_s(bar)
        if section.name in ("verse", "ending"):
            place(part, 0.45 * _swell(0.75 * _BAR_S, sample_rate, rng), start_s - 0.75 * _BAR_S, sample_rate)
        if section.name in ("chorus", "last chorus"):
            place(part, 0.5 * _swell(2.0 * _BAR_S, sample_rate, rng), start_s - 2.0 * _BAR_S, sample_rate)
            place(part, _impact(sample_rate, rng), start_s, sample_rate)
        if section.name == "break":
            place(part, _impact(sample_rate, rng), start_s, sample_rate)
    return part + 0.35 * reverb(part, sample_rate, rng, decay_s=2.8, pre_delay_s=0.02, damping_hz=4000.0)


def _swell(length_s: float, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make noise that opens and grows until it stops at a bar line, (2, n)."""
    n_frames = round(length_s * sample_rate)
    progress = np.arange(n_controls(n_frames)) * CONTROL_FRAMES / n_frames
    noise = rng.standard_normal((2, n_frames))
    wave = np.stack([swept_lowpass(side, 300.0 * 30.0**progress, 1.6, sample_rate) for side in noise])
    shape = (np.arange(n_frames) / n_frames) ** 2.5
    shape *= np.minimum((n_frames - 1 - np.arange(n_frames)) / (0.02 * sample_rate), 1.0)
    return np.asarray(highpass(wave, 350.0, sample_rate) * shape)


def _impact(sample_rate: int, rng: np.random.Generator) -> Array:
    """Make a deep boom under a closing cloud of noise, (2, n)."""
    n_frames = round(2.2 * sample_rate)
    t = np.arange(n_frames) / sample_rate
    boom = np.sin(2.0 * np.pi * (41.0 * t + 2.4 * (1.0 - np.exp(-t / 0.06)))) * np.exp(-t / 0.45)
    fall_hz = 5200.0 * np.exp(-np.arange(n_controls(n_frames)) * CONTROL_FRAMES / sample_rate / 0.5) + 200.0
    cloud = np.stack([swept_lowpass(side, fall_hz, 0.8, sample_rate) for side in rng.standard_normal((2, n_frames))])
    cloud = highpass(cloud, 200.0, sample_rate) * np.exp(-t / 0.6)
    fade = np.minimum(t / 0.002, 1.0) * np.minimum((t[-1] - t) / 0.3, 1.0)
    return np.asarray((0.6 * boom + 0.3 * cloud) * fade)
