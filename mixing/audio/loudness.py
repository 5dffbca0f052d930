"""Loudness of a whole signal: integrated, short-term, momentary, and its range.

Sources: ITU-R BS.1770-5, Annex 1; EBU Tech 3341 (time scales); EBU Tech 3342 (range).
"""

from __future__ import annotations

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from mixing.audio.gating import (
    HOP_S,
    SHORT_TERM_HOPS,
    gated_lufs,
    gated_range_lu,
    moving_mean,
    to_lufs,
)
from mixing.audio.k_weighting import k_sections
from mixing.errors import AudioError

# Hops at a time, which bounds the memory that a long song takes.
CHUNK_HOPS = 300
MOMENTARY_HOP_S = 0.01
MOMENTARY_HOPS = 40


def integrated_lufs(audio: NDArray[np.float32], sample_rate: int) -> float:
    """Measure integrated loudness.

    Args:
        audio: (channels, frames), 1 or 2 channels, each of weight 1; finite; 1.0 is full scale.
        sample_rate: Hz.
    Returns: LUFS; -inf where nothing passes the absolute gate.
    Raises: AudioError if empty, not finite or of another shape.
    """
    return gated_lufs(hop_powers(audio, sample_rate))


def loudness_range_lu(audio: NDArray[np.float32], sample_rate: int) -> float:
    """Measure the loudness range, LU; arguments as in `integrated_lufs`."""
    return gated_range_lu(hop_powers(audio, sample_rate))


def momentary_lufs(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Loudness over 400 ms, every 10 ms, (n,); -inf for silence. Arguments as in `integrated_lufs`.

    Finer than the blocks that are gated: EBU Tech 3341 asks for the maximum of a tone of 400 ms wherever it begins.
    """
    return to_lufs(moving_mean(hop_powers(audio, sample_rate, MOMENTARY_HOP_S), MOMENTARY_HOPS))


def short_term_lufs(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Loudness over 3 s, every 100 ms, (n,); -inf for silence. Arguments as in `integrated_lufs`."""
    return to_lufs(moving_mean(hop_powers(audio, sample_rate), SHORT_TERM_HOPS))


def hop_powers(audio: NDArray[np.float32], sample_rate: int, hop_s: float = HOP_S) -> NDArray[np.float64]:
    """K-weighted mean square of each whole hop, summed over the channels, (hops,); one for a shorter signal."""
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or audio.shape[1] == 0:
        raise AudioError("Loudness needs mono or stereo sound. Choose another file.", code="bad_channels")
    sections = np.insert(k_sections(sample_rate), 3, 1.0, axis=1)
    hop = min(round(hop_s * sample_rate), audio.shape[1])
    powers = np.zeros(audio.shape[1] // hop)
    for channel in audio:
        state = np.zeros((len(sections), 2))
        for first in range(0, powers.size, CHUNK_HOPS):
            piece = channel[first * hop : min(first + CHUNK_HOPS, powers.size) * hop].astype(np.float64)
            weighted, state = scipy.signal.sosfilt(sections, piece, zi=state)
            powers[first : first + CHUNK_HOPS] += np.square(weighted).reshape(-1, hop).mean(axis=1)
    if not np.isfinite(powers).all():
        raise AudioError(
            "The sound contains values that are not numbers. Export it again and retry.", code="not_finite"
        )
    return powers
