"""Log-mel excerpts of a song: six places that span its loudness range, each 128 frames of mid and side.

Frames last equally long at every sample rate, and the filters are laid over whatever bins there are, so nothing is
resampled.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

N_CROPS, N_MELS, N_FRAMES = 6, 64, 128
# A frame of 2048 samples every 1024 at 22.05 kHz.
FRAME_S, HOP_S = 2048 / 22_050, 1024 / 22_050
CROP_S = FRAME_S + (N_FRAMES - 1) * HOP_S
MEL_LOW_HZ, MEL_HIGH_HZ = 30.0, 11_025.0
# log_mel is in bels (10 dB) above loudness - 30 dB, clipped: an equalizer of c dB adds c / 10.
LOG_MEL_OFFSET_DB, LOG_MEL_MIN, LOG_MEL_MAX = 30.0, -4.0, 6.0


def log_mel_crops(
    mid: NDArray[np.float32], side: NDArray[np.float32], rate: int, loudness_lufs: float
) -> NDArray[np.float64]:
    """Excerpts of equally long mid and side signals, (6, 2, 64, 128) bels, relative to `loudness_lufs`."""
    window_length = round(FRAME_S * rate)
    n_fft = scipy.fft.next_fast_len(window_length, real=True)
    window = scipy.signal.get_window("hann", window_length).astype(np.float32)
    scale = 2.0 / (n_fft * float(np.square(window).sum()))
    filters = _mel_filters(rate, n_fft)
    offsets = np.round(np.arange(N_FRAMES) * HOP_S * rate).astype(int)
    result = np.empty((N_CROPS, 2, N_MELS, N_FRAMES))
    for i, start in enumerate(_crop_starts(mid, side, rate)):
        for c, signal in enumerate((mid, side)):
            piece = signal[start : start + offsets[-1] + window_length]
            # A song shorter than an excerpt repeats.
            piece = np.resize(piece, offsets[-1] + window_length)
            frames = np.lib.stride_tricks.sliding_window_view(piece, window_length)[offsets] * window
            spectrum = scipy.fft.rfft(frames, n_fft, axis=1)
            power = (np.square(spectrum.real) + np.square(spectrum.imag)) * scale
            result[i, c] = 10.0 * np.log10(filters @ power.T + 1e-14) - loudness_lufs
    return np.clip((result + LOG_MEL_OFFSET_DB) / 10.0, LOG_MEL_MIN, LOG_MEL_MAX)


def mel_centers_hz() -> NDArray[np.float64]:
    """Center of each mel band, (64,) Hz."""
    edges = _mel_edges_hz()
    return edges[1:-1]


def _crop_starts(mid: NDArray[np.float32], side: NDArray[np.float32], rate: int) -> list[int]:
    """Starts of the excerpts whose loudness lies at six evenly spaced quantiles, in the order of the quantiles."""
    length = round(CROP_S * rate)
    last = mid.size - length
    if last <= 0:
        return [0] * N_CROPS
    starts = np.linspace(0, last, min(60, 1 + last // max(1, rate))).astype(int)
    energy = np.square(mid, dtype=np.float64) + np.square(side, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(energy)])
    loudness = sums[starts + length] - sums[starts]
    order = np.argsort(loudness, kind="stable")
    positions = np.linspace(0.1, 0.95, N_CROPS) * (len(starts) - 1)
    return [int(starts[order[round(p)]]) for p in positions]


def _mel_edges_hz() -> NDArray[np.float64]:
    def to_mel(hz: float) -> float:
        return 2595.0 * float(np.log10(1.0 + hz / 700.0))

    mels = np.linspace(to_mel(MEL_LOW_HZ), to_mel(MEL_HIGH_HZ), N_MELS + 2)
    return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))


@lru_cache(maxsize=8)
def _mel_filters(rate: int, n_fft: int) -> NDArray[np.float32]:
    """Triangles on the mel scale, (64, n_fft // 2 + 1); a band narrower than a bin takes the nearest one."""
    frequencies = np.arange(n_fft // 2 + 1) * rate / n_fft
    edges = _mel_edges_hz()
    rising = (frequencies[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies[None]) / (edges[2:] - edges[1:-1])[:, None]
    filters: NDArray[Any] = np.maximum(0.0, np.minimum(rising, falling))
    for band in np.nonzero(filters.sum(axis=1) == 0.0)[0]:
        if edges[band + 1] < rate / 2:
            filters[band, int(np.argmin(np.abs(frequencies - edges[band + 1])))] = 1.0
    return filters.astype(np.float32)
