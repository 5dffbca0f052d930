"""True peak: the highest value that a signal reaches between its samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mixing.errors import AudioError

_EARLY = (
    0.0017089843750,
    0.0109863281250,
    -0.0196533203125,
    0.0332031250000,
    -0.0594482421875,
    0.1373291015625,
    0.9721679687500,
    -0.1022949218750,
    0.0476074218750,
    -0.0266113281250,
    0.0148925781250,
    -0.0083007812500,
)
_LATE = (
    -0.0291748046875,
    0.0292968750000,
    -0.0517578125000,
    0.0891113281250,
    -0.1665039062500,
    0.4650878906250,
    0.7797851562500,
    -0.2003173828125,
    0.1015625000000,
    -0.0582275390625,
    0.0330810546875,
    -0.0189208984375,
)
# The four phases of the interpolation filter, (4, 12). Source: ITU-R BS.1770-5, Annex 2, table of filter coefficients.
ANNEX_2_TAPS: NDArray[np.float64] = np.array([_EARLY, _LATE, _LATE[::-1], _EARLY[::-1]])

# Frames at a time, which bounds the memory that a long song takes.
CHUNK = 262_144


def true_peak_dbtp(audio: NDArray[np.float32], sample_rate: int) -> float:
    """Measure the true peak of a mix.

    Four times oversampled at every rate: more than the recommendation asks for from 96 kHz on, never less.

    Args:
        audio: (channels, frames), linear, finite; 1.0 is full scale.
        sample_rate: Hz, 8000 to 192000.
    Returns: dBTP, at least the sample peak; -inf for digital silence.
    Raises: AudioError if empty, not finite or not two-dimensional.
    Source: ITU-R BS.1770-5, Annex 2.
    """
    if audio.ndim != 2 or audio.size == 0:
        raise AudioError("There is no sound to measure. Choose a file with sound in it.", code="empty")
    n_taps = ANNEX_2_TAPS.shape[1]
    highest = 0.0
    for channel in audio:
        padded = np.concatenate([np.zeros(n_taps - 1), channel.astype(np.float64), np.zeros(n_taps - 1)])
        if not np.isfinite(padded).all():
            raise AudioError(
                "The sound contains values that are not numbers. Export it again and retry.", code="not_finite"
            )
        highest = max(highest, float(np.abs(padded).max()))
        for start in range(0, padded.size - n_taps + 1, CHUNK):
            piece = padded[start : start + CHUNK + n_taps - 1]
            for taps in ANNEX_2_TAPS:
                highest = max(highest, float(np.abs(np.convolve(piece, taps, mode="valid")).max()))
    return 20.0 * math.log10(highest) if highest > 0.0 else -math.inf
