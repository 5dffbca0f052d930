"""Damage done to sound, as degrade.py does it to features: the same plan, the same curves."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mixing.audio.features import LEVEL_BINS_DB
from mixing.training.damage import Damage

LEVEL_HOP_S = 0.05
# Frequencies below this have the curve's value at it: a tilt has no end.
LOWEST_HZ = 15.0


def damage_audio(audio: NDArray[np.float32], rate: int, damage: Damage, i: int) -> NDArray[np.float32]:
    """Do to a song what the i-th row of a plan says.

    Args:
        audio: (2, frames).
        rate: Hz.
    """
    audio = filtered(audio, damage_curve_db(damage, i, curve_bins_hz(audio.shape[1], rate)))
    mid, side = 0.5 * (audio[0] + audio[1]), 0.5 * (audio[0] - audio[1])
    side = side * 10.0 ** (float(damage.side_db[i]) / 20.0)
    audio = np.stack([mid + side, mid - side])
    gain_db = _spread_gains_db(audio, rate, float(damage.factor[i])) + float(damage.level_db[i])
    return (audio * 10.0 ** (gain_db / 20.0)).astype(np.float32)


def damage_curve_db(damage: Damage, i: int, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The i-th tone curve at some frequencies, (n,) dB."""
    return damage.tone.row(i).curve_db(hz)[0].numpy().astype(np.float64)


def filtered(audio: NDArray[np.float32], curve_db: NDArray[np.float64]) -> NDArray[np.float32]:
    """Audio (channels, frames) behind an equalizer without phase; the curve is given at the bins of its padded FFT."""
    n = _padded(audio.shape[1])
    spectrum = scipy.fft.rfft(audio, n, axis=1) * (10.0 ** (curve_db / 20.0)).astype(np.float32)
    return np.ascontiguousarray(scipy.fft.irfft(spectrum, n, axis=1)[:, : audio.shape[1]].astype(np.float32))


def curve_bins_hz(n_frames: int, rate: int) -> NDArray[np.float64]:
    """The frequencies that `filtered` wants a curve at."""
    return np.maximum(scipy.fft.rfftfreq(_padded(n_frames), 1.0 / rate), LOWEST_HZ)


def _padded(n_frames: int) -> int:
    """Long enough for a curve's ringing not to come round."""
    return scipy.fft.next_fast_len(n_frames + 32_768, real=True)


def _spread_gains_db(audio: NDArray[np.float32], rate: int, factor: float) -> NDArray[np.float64]:
    """Gains that move each moment's level away from, or towards, the mean level by a factor, (frames,) dB."""
    hop = round(LEVEL_HOP_S * rate)
    n = max(1, audio.shape[1] // hop)
    squares = np.square(audio[:, : n * hop].astype(np.float64)).reshape(2, n, -1).mean(axis=2).max(axis=0)
    levels = 10.0 * np.log10(squares + 1e-12)
    mean = 10.0 * np.log10(squares.mean() + 1e-12)
    levels = np.maximum(levels, mean + LEVEL_BINS_DB[0])
    around = (factor - 1.0) * (levels - levels.mean())
    return np.interp(np.arange(audio.shape[1]), (np.arange(n) + 0.5) * hop, around)
