"""Signals with known truths: (channels, frames) float32, full scale 1.0."""

from __future__ import annotations

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Signal = NDArray[np.float32]


def sine(hz: float, duration_s: float, *, rate: int = 48_000, level_dbfs: float = 0.0, channels: int = 2) -> Signal:
    """The same tone on every channel; `level_dbfs` is its peak."""
    t = np.arange(round(duration_s * rate)) / rate
    wave = 10.0 ** (level_dbfs / 20.0) * np.sin(2.0 * np.pi * hz * t)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def sweep(low_hz: float, high_hz: float, duration_s: float, *, rate: int = 48_000, level_dbfs: float = -12.0) -> Signal:
    """A logarithmic sweep on two channels."""
    t = np.arange(round(duration_s * rate)) / rate
    wave = 10.0 ** (level_dbfs / 20.0) * scipy.signal.chirp(t, low_hz, duration_s, high_hz, method="logarithmic")
    return np.tile(wave, (2, 1)).astype(np.float32)


def pink_noise(
    seed: int, duration_s: float, *, rate: int = 48_000, rms_dbfs: float = -20.0, channels: int = 2
) -> Signal:
    """Independent on each channel, equally loud in every octave."""
    n = round(duration_s * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((channels, n)), axis=1)
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[1]), 1.0))
    noise = np.fft.irfft(spectrum, n, axis=1)
    noise *= 10.0 ** (rms_dbfs / 20.0) / np.sqrt(np.mean(np.square(noise)))
    return noise.astype(np.float32)


def beat(seed: int, duration_s: float, *, rate: int = 48_000, channels: int = 2) -> Signal:
    """Something with attacks, bass, air and width: noise bursts over a chord, about -17 LUFS."""
    t = np.arange(round(duration_s * rate)) / rate
    generator = np.random.default_rng(seed)
    chord = sum(np.sin(2.0 * np.pi * hz * t) for hz in (55.0, 110.0, 164.8, 220.0, 277.2)) * 0.04
    bursts = generator.standard_normal((channels, t.size)) * np.exp(-14.0 * (t % 0.5)) * 0.25
    air = generator.standard_normal((channels, t.size)) * 0.004
    return (chord + bursts + air).astype(np.float32)
