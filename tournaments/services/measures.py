"""What a worker measures of a cut when it makes it: for the page after the vote, and for the player's presets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOUDEST, CHORUS = "loudest", "chorus"
LOUDEST_S = 15.0
# What is hardly longer than the loudest stretch needs no preset for it.
MIN_REGION_S = 18.0
N_PEAKS = 300
FLOOR_DB = -120.0


def measure_cut(cut: NDArray[np.float32], sample_rate: int) -> dict[str, Any]:
    """Measure a cut as it is played, before it is rounded to 16 bit.

    Args:
        cut: (channels, frames).
    Returns: `peaks`, two rows of N_PEAKS minima and maxima, -127 to 127; `third_octaves_db`, the mean power of the
        channels in each third octave from 31.25 Hz to 16 kHz, dB re full scale, FLOOR_DB at least.
    """
    # Scipy stays out of the web process.
    from mixing.audio.decode import ArraySource
    from mixing.audio.features import third_octaves_db
    from mixing.audio.peaks import waveform_peaks

    powers = np.mean([10.0 ** (third_octaves_db(channel, sample_rate) / 10.0) for channel in cut], axis=0)
    return {
        "peaks": waveform_peaks(ArraySource(cut, sample_rate), N_PEAKS).tolist(),
        "third_octaves_db": [round(max(FLOOR_DB, float(db)), 2) for db in 10.0 * np.log10(powers)],
    }


def find_stretches(
    cut: NDArray[np.float32], sample_rate: int, *, start_s: float, chorus: tuple[float, float] | None
) -> dict[str, list[float]]:
    """The stretches of a region that a listener may want to repeat, seconds from its start.

    Args:
        cut: the region of the upload, (channels, frames).
        start_s: where the region begins in the song.
        chorus: start and end in the song, inside the region, where there is one.
    """
    found = {}
    loudest_s = _loudest(cut, sample_rate)
    if loudest_s is not None:
        found[LOUDEST] = [loudest_s, round(loudest_s + LOUDEST_S, 1)]
    if chorus is not None:
        found[CHORUS] = [round(edge_s - start_s, 2) for edge_s in chorus]
    return found


def _loudest(cut: NDArray[np.float32], sample_rate: int) -> float | None:
    """Where the LOUDEST_S of the highest K-weighted power begin; None where all are alike or there is no choice."""
    # Scipy stays out of the web process.
    from mixing.audio.gating import HOP_S, moving_mean
    from mixing.audio.loudness import hop_powers

    if cut.shape[1] < MIN_REGION_S * sample_rate:
        return None
    means = moving_mean(hop_powers(cut, sample_rate), round(LOUDEST_S / HOP_S))
    if means.max() == means.min():
        return None
    return round(int(np.argmax(means)) * HOP_S, 1)
