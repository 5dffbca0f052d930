"""Multi-resolution STFT distance: how differently two recordings of one performance sound, at several time scales.

Source: R. Yamamoto et al., Parallel WaveGAN, ICASSP 2020: spectral convergence plus the mean difference of the
logarithms of magnitudes, averaged over resolutions; here over mid and side as well, so that width counts. Once in NumPy
to measure with, and once in PyTorch to learn from.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

SIZES = (512, 2048, 8192)
# Of a window's length.
HOP_SHARE = 0.5
# Relative to the reference's loudest bin: below it nothing is heard.
FLOOR = 1e-4


def mr_stft_distance(mix: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """The distance of a mix from its reference, at least 0; both (2, frames), of one length, aligned."""
    distances = []
    for size in SIZES:
        for a, b in ((mix[0] + mix[1], reference[0] + reference[1]), (mix[0] - mix[1], reference[0] - reference[1])):
            found, wanted = _magnitudes(a, size), _magnitudes(b, size)
            floor = FLOOR * float(wanted.max()) + 1e-9
            found, wanted = np.maximum(found, floor), np.maximum(wanted, floor)
            convergence = float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))
            distances.append(convergence + float(np.mean(np.abs(np.log(found / wanted)))))
    return float(np.mean(distances))


def mr_stft_loss(mix: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """The same distances of a batch, (batch,), differentiable in the mixes; both (batch, 2, frames)."""
    total = mix.new_zeros(len(mix))
    for size in SIZES:
        for sign in (1.0, -1.0):
            found, wanted = (_magnitudes_of(x[:, 0] + sign * x[:, 1], size) for x in (mix, reference))
            floor = FLOOR * wanted.amax((1, 2), keepdim=True) + 1e-9
            found, wanted = torch.maximum(found, floor), torch.maximum(wanted, floor)
            convergence = (found - wanted).square().sum((1, 2)).sqrt() / wanted.square().sum((1, 2)).sqrt()
            total = total + convergence + torch.log(found / wanted).abs().mean((1, 2))
    return total / (2 * len(SIZES))


def _magnitudes_of(signals: torch.Tensor, size: int) -> torch.Tensor:
    """Magnitudes of a Hann-windowed STFT of signals (batch, frames), (batch, bins, frames)."""
    window = torch.hann_window(size, periodic=False, dtype=signals.dtype)
    spectrum = torch.stft(signals, size, int(size * HOP_SHARE), window=window, center=False, return_complex=True)
    # The square root has no gradient at 0.
    return (spectrum.real.square() + spectrum.imag.square() + 1e-18).sqrt()


def _magnitudes(signal: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Magnitudes of a Hann-windowed STFT, (frames, bins)."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[:: int(size * HOP_SHARE)]
    window = np.hanning(size).astype(np.float32)
    return np.abs(scipy.fft.rfft(frames * window, axis=1))
