"""Multi-resolution STFT distance: how differently two recordings of one performance sound, at several time scales.

Source: R. Yamamoto et al., Parallel WaveGAN, ICASSP 2020: spectral convergence plus the mean difference of the
logarithms of magnitudes, averaged over resolutions; here over mid and side as well, so that width counts.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
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


def _magnitudes(signal: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Magnitudes of a Hann-windowed STFT, (frames, bins)."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[:: int(size * HOP_SHARE)]
    window = np.hanning(size).astype(np.float32)
    return np.abs(scipy.fft.rfft(frames * window, axis=1))
