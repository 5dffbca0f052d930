"""The highlight: the 20 to 30 seconds that a listener would choose to judge a song by.

That is a loud and full part which the song comes back to, taken from where it begins. Each quality is a curve over the
song's time, made from band levels and their self-similarity; the boundaries come from J. Foote, Automatic audio
segmentation using a measure of audio novelty, ICME 2000.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mixing.errors import AudioError

MIN_S, MAX_S = 20.0, 30.0
# Frames are longer in very long songs, which bounds the table of similarities.
FRAME_S = 0.5
MAX_FRAMES = 1500
N_FFT_S = 0.1
BANDS_HZ: NDArray[np.float64] = np.geomspace(40.0, 10_000.0, 25)
FLOOR_DB = -60.0
# Half the width of the kernel that looks for boundaries, and the length of what is compared for repetition.
NOVELTY_S = 6.0
PHRASE_S = 4.0
# What each quality weighs. Loudness first; a good beginning decides between neighbours.
LOUD, FULL, REPEATED, BOUNDARY = 1.0, 0.6, 0.6, 0.35
# Songs rarely show what they are in their first and last moments.
EDGE_S = 4.0
# A refrain that is shorter is a moment, and one that takes more of a part is the part. Where the sum of repeated and
# loud, each 0 to 1, spreads less over the part, nothing in it stands out.
MIN_REFRAIN_S, MAX_REFRAIN_SHARE, MIN_SPREAD = 6.0, 0.8, 0.3


@dataclass(frozen=True)
class Highlight:
    """A stretch of a song, seconds from its start."""

    start_s: float
    end_s: float


def find_highlight(audio: NDArray[np.float32], rate: int) -> Highlight:
    """Find the highlight of a song.

    Args:
        audio: (channels, frames), finite; mono at a low rate serves as well.
        rate: Hz.
    Returns: 20 to 30 s, or the whole song where it is shorter.
    Raises: AudioError if empty.
    """
    if audio.ndim != 2 or audio.size == 0:
        raise AudioError("There is no sound to choose from. Choose a file with music in it.", code="empty")
    duration_s = audio.shape[1] / rate
    if duration_s <= MIN_S:
        return Highlight(0.0, duration_s)
    frame_s = max(FRAME_S, duration_s / MAX_FRAMES)
    bands_db = _band_levels_db(audio.mean(axis=0), rate, frame_s)
    n = len(bands_db)
    if n * frame_s <= MIN_S:
        return Highlight(0.0, MIN_S)
    qualities = LOUD * _loud(bands_db) + FULL * _full(bands_db) + REPEATED * _repeated(bands_db, frame_s)
    boundaries = _boundaries(bands_db, frame_s)
    sums = np.concatenate([[0.0], np.cumsum(qualities)])
    shortest, longest = math.ceil(MIN_S / frame_s), min(n, math.floor(MAX_S / frame_s))
    best, choice = -math.inf, (0, min(n, shortest))
    for start in range(n - shortest + 1):
        for length in range(shortest, min(longest, n - start) + 1):
            end = start + length
            score = (sums[end] - sums[start]) / length + BOUNDARY * boundaries[start]
            score += 0.5 * BOUNDARY * boundaries[min(end, n - 1)]
            outside_s = max(0.0, EDGE_S - start * frame_s) + max(0.0, EDGE_S - (n - end) * frame_s)
            score -= 0.1 * outside_s / EDGE_S
            if score > best:
                best, choice = score, (start, end)
    return Highlight(choice[0] * frame_s, min(choice[1] * frame_s, duration_s))


def find_refrains(
    audio: NDArray[np.float32], rate: int, parts: Sequence[tuple[float, float]]
) -> list[tuple[float, float] | None]:
    """In each part of a song the stretch that comes back elsewhere in it and is loud: where there is a chorus, that.

    Args:
        audio: the whole song, as in `find_highlight`.
        parts: start and end of each, seconds.
    Returns: start and end in seconds of the song, inside the part; None where no stretch of a part stands out.
    """
    frame_s = max(FRAME_S, audio.shape[1] / rate / MAX_FRAMES)
    bands_db = _band_levels_db(audio.mean(axis=0), rate, frame_s)
    width = max(1, round(PHRASE_S / frame_s))
    quality = np.pad(_repeated(bands_db, frame_s) + _loud(bands_db), (width // 2, (width - 1) // 2), mode="edge")
    quality = np.convolve(quality, np.ones(width) / width, mode="valid")
    return [_refrain(quality, frame_s, part) for part in parts]


def _refrain(quality: NDArray[np.float64], frame_s: float, part: tuple[float, float]) -> tuple[float, float] | None:
    """The longest run above the middle between the part's lowest and highest quality, where that is a clear one."""
    first, end = math.ceil(part[0] / frame_s), min(quality.size, math.floor(part[1] / frame_s))
    inside = quality[first:end]
    if inside.size == 0 or np.ptp(inside) < MIN_SPREAD:
        return None
    is_high = np.concatenate([[0], inside > (inside.min() + inside.max()) / 2.0, [0]]).astype(int)
    edges = np.flatnonzero(np.diff(is_high)).reshape(-1, 2)
    start, stop = (int(i) for i in edges[np.argmax(edges[:, 1] - edges[:, 0])])
    length_s = (stop - start) * frame_s
    if not MIN_REFRAIN_S <= length_s <= MAX_REFRAIN_SHARE * (part[1] - part[0]):
        return None
    return (first + start) * frame_s, (first + stop) * frame_s


def _band_levels_db(mono: NDArray[np.float32], rate: int, frame_s: float) -> NDArray[np.float64]:
    """Levels of the bands in each frame relative to the song's loudest band, (frames, bands) dB, at least FLOOR_DB."""
    n_fft = scipy.fft.next_fast_len(max(64, round(N_FFT_S * rate)), real=True)
    hop = max(1, round(frame_s * rate))
    per_frame = max(1, hop // n_fft)
    n_frames = max(1, mono.size // hop)
    window = np.hanning(n_fft).astype(np.float32)
    bins = np.clip((BANDS_HZ * n_fft / rate).astype(int), 1, n_fft // 2)
    starts = np.arange(per_frame) * (hop // per_frame)
    powers = np.empty((n_frames, BANDS_HZ.size - 1))
    for i in range(n_frames):
        pieces = np.zeros((per_frame, n_fft), dtype=np.float32)
        for k, offset in enumerate(starts):
            piece = mono[i * hop + offset : i * hop + offset + n_fft]
            pieces[k, : piece.size] = piece
        spectrum = np.square(np.abs(scipy.fft.rfft(pieces * window, axis=1))).sum(axis=0, dtype=np.float64)
        total = np.concatenate([[0.0], np.cumsum(spectrum)])
        ends = np.maximum(bins[1:], bins[:-1] + 1)
        powers[i] = total[np.minimum(ends, total.size - 1)] - total[bins[:-1]]
    return np.maximum(10.0 * np.log10(powers / max(powers.max(), 1e-20) + 1e-20), FLOOR_DB)


def _loud(bands_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1: how near a frame comes to the song's loud parts."""
    level = 10.0 * np.log10(np.sum(10.0 ** (bands_db / 10.0), axis=1))
    return np.clip((level - np.percentile(level, 95)) / 12.0 + 1.0, 0.0, 1.0)


def _full(bands_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1: how many bands are as busy as they ever are."""
    busiest = np.percentile(bands_db, 90, axis=0)
    heard = busiest > FLOOR_DB + 1.0
    if not heard.any():
        return np.zeros(len(bands_db))
    return np.clip((bands_db - busiest)[:, heard] / 18.0 + 1.0, 0.0, 1.0).mean(axis=1)


def _similarity(bands_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine of every two frames' band levels, each band about its own mean, (frames, frames)."""
    centered = bands_db - bands_db.mean(axis=0)
    norm = np.linalg.norm(centered, axis=1, keepdims=True)
    unit = centered / np.maximum(norm, 1e-9)
    return np.asarray(unit @ unit.T)


def _repeated(bands_db: NDArray[np.float64], frame_s: float) -> NDArray[np.float64]:
    """0 to 1: how well the phrase around a frame is found again elsewhere."""
    n, length = len(bands_db), max(1, round(PHRASE_S / frame_s))
    if n < 3 * length:
        return np.zeros(n)
    windows = np.lib.stride_tricks.sliding_window_view(bands_db, length, axis=0).reshape(n - length + 1, -1)
    similarity = _similarity(windows)
    places = np.arange(len(similarity))
    similarity[np.abs(places[:, None] - places[None, :]) < 2 * length] = -1.0
    # The mean of the three best: once may be chance.
    best = np.sort(similarity, axis=1)[:, -3:].mean(axis=1)
    centers = np.clip(np.arange(n) - length // 2, 0, len(best) - 1)
    return np.clip(best[centers], 0.0, 1.0)


def _boundaries(bands_db: NDArray[np.float64], frame_s: float) -> NDArray[np.float64]:
    """0 to 1: how much a frame begins something new that is louder than what went before."""
    half = max(2, round(NOVELTY_S / frame_s))
    n = len(bands_db)
    if n < 2 * half:
        return np.zeros(n)
    similarity = _similarity(bands_db)
    taper = np.exp(-0.5 * (np.arange(-half, half) + 0.5) ** 2 / (half / 2.0) ** 2)
    sign = np.sign(np.arange(-half, half) + 0.5)
    kernel = np.outer(sign * taper, sign * taper)
    level = 10.0 * np.log10(np.sum(10.0 ** (bands_db / 10.0), axis=1))
    novelty = np.zeros(n)
    for i in range(half, n - half + 1):
        at = slice(i - half, i + half)
        rise = level[i : i + half].mean() - level[i - half : i].mean()
        if i < n and rise > 0.0:
            novelty[i] = max(0.0, float(np.sum(kernel * similarity[at, at]))) * min(1.0, 0.5 + rise / 6.0)
    highest = novelty.max()
    return novelty / highest if highest > 0.0 else novelty
