"""The measurements of one sound, a row of named numbers: spectrum, levels and width, relative to its loudness.

They hold the long-term spectrum of mid and side in third octaves, level and width statistics and level histograms:
enough to predict what an equalizer, a compressor or a width control will do to the sound without touching it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from mixing.audio.k_weighting import k_sections
from mixing.errors import AudioError

# Longer songs are judged by the 180 s around their middle.
MAX_ANALYSIS_S = 180.0
# Nominal third octaves 31.5 Hz to 16 kHz, base two.
THIRD_OCTAVES_HZ: NDArray[np.float64] = 1000.0 * 2.0 ** (np.arange(-15, 13) / 3.0)
N_BANDS = len(THIRD_OCTAVES_HZ)
BAND_FLOOR_DB = -90.0
# Three broad regions for crest and width.
REGIONS_HZ: tuple[tuple[float, float], ...] = ((20.0, 200.0), (200.0, 2000.0), (2000.0, 16_000.0))
# Share of active time at each 50 ms level, relative to loudness.
LEVEL_BINS_DB: NDArray[np.float64] = np.arange(-30.0, 16.0, 2.0)
SHORT_TERM_QUANTILES: tuple[float, ...] = (0.05, 0.10, 0.25, 0.5, 0.75, 0.95)
GATE_LUFS = -70.0

STAT_NAMES: tuple[str, ...] = (
    *(f"mid_db_{f:.0f}" for f in THIRD_OCTAVES_HZ),
    *(f"side_db_{f:.0f}" for f in THIRD_OCTAVES_HZ),
    *(f"level_{b:+.0f}" for b in LEVEL_BINS_DB),
    *(f"short_term_q{round(100 * q)}" for q in SHORT_TERM_QUANTILES),
    "loudness_lufs",
    "range_lu",
    "plr_db",
    "level_spread_db",
    "crest_low_db",
    "crest_mid_db",
    "crest_high_db",
    "side_mid_low_db",
    "side_mid_mid_db",
    "side_mid_high_db",
    "side_mid_db",
    "balance_db",
    "correlation",
    "active_ratio",
    "is_mono",
    "rolloff_khz",
)
N_STATS = len(STAT_NAMES)
STAT: dict[str, int] = {name: i for i, name in enumerate(STAT_NAMES)}
MID_BANDS = slice(0, N_BANDS)
SIDE_BANDS = slice(N_BANDS, 2 * N_BANDS)
LEVELS = slice(2 * N_BANDS, 2 * N_BANDS + len(LEVEL_BINS_DB))
SHORT_TERM = slice(LEVELS.stop, LEVELS.stop + len(SHORT_TERM_QUANTILES))


def analysis_window(n_frames: int, rate: int) -> tuple[int, int]:
    """Start and length, in frames, of the part that is measured."""
    length = min(n_frames, int(MAX_ANALYSIS_S * rate))
    return (n_frames - length) // 2, length


@lru_cache(maxsize=8)
def k_weighting_db(rate: int = 48_000) -> NDArray[np.float64]:
    """The K curve at the third octaves, (28,) dB. Source: ITU-R BS.1770-5, Annex 1."""
    response = np.ones(N_BANDS)
    for b0, b1, b2, a1, a2 in k_sections(rate):
        _, h = scipy.signal.freqz([b0, b1, b2], [1.0, a1, a2], worN=THIRD_OCTAVES_HZ, fs=rate)
        response = response * np.abs(h)
    return 20.0 * np.log10(response)


def measure_stats(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The measurements of one sound alone, (N_STATS,): `extract_features` without its excerpts, at half the cost.

    Raises: AudioError as `extract_features`.
    """
    audio = analyzed_part(audio, rate)
    return all_stats(audio, rate)


def analyzed_part(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The part of a sound that is measured. Raises AudioError where it cannot be."""
    if audio.ndim != 2 or audio.shape[0] not in (1, 2) or audio.shape[1] == 0:
        raise AudioError(
            "Features need mono or stereo audio that is not empty. Choose another file.", code="bad_channels"
        )
    start, length = analysis_window(audio.shape[1], rate)
    audio = audio[:, start : start + length]
    if not np.isfinite(audio).all():
        raise AudioError("The audio contains values that are not numbers. Export it again.", code="not_finite")
    return audio


def all_stats(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    left, right = audio[0], audio[-1]
    mid, side = 0.5 * (left + right), 0.5 * (left - right)

    blocks = _k_energies(audio, rate)
    loudness_lufs, active = _integrated(blocks)
    short_term = _short_term(blocks)
    stats = np.zeros(N_STATS, dtype=np.float64)
    stats[MID_BANDS] = third_octaves_db(mid, rate) - loudness_lufs
    stats[SIDE_BANDS] = third_octaves_db(side, rate) - loudness_lufs
    stats[: 2 * N_BANDS] = np.clip(stats[: 2 * N_BANDS], BAND_FLOOR_DB, 40.0)

    levels = _levels_db(audio, rate) - loudness_lufs
    loud = levels[levels > LEVEL_BINS_DB[0]]
    if loud.size:
        clipped = np.clip(np.round((loud - LEVEL_BINS_DB[0]) / 2.0).astype(int), 0, len(LEVEL_BINS_DB) - 1)
        stats[LEVELS] = np.bincount(clipped, minlength=len(LEVEL_BINS_DB)) / loud.size
        stats[STAT["level_spread_db"]] = float(np.std(np.clip(loud, -30.0, 15.0)))
    audible = short_term[short_term > max(GATE_LUFS, loudness_lufs - 20.0)]
    if audible.size:
        quantiles = np.quantile(audible, SHORT_TERM_QUANTILES)
        stats[SHORT_TERM] = np.clip(quantiles - loudness_lufs, -20.0, 15.0)
        stats[STAT["range_lu"]] = quantiles[-1] - quantiles[1]
    stats[STAT["loudness_lufs"]] = loudness_lufs
    stats[STAT["plr_db"]] = float(np.clip(_peak_dbtp(audio) - loudness_lufs, 0.0, 40.0))
    powers = np.stack([10.0 ** (stats[MID_BANDS] / 10.0), 10.0 ** (stats[SIDE_BANDS] / 10.0)])
    crests = _region_crests_db(mid, rate)
    for name, region, crest in zip(("low", "mid", "high"), REGIONS_HZ, crests, strict=True):
        inside = (region[0] <= THIRD_OCTAVES_HZ) & (region[1] > THIRD_OCTAVES_HZ)
        stats[STAT[f"crest_{name}_db"]] = crest
        stats[STAT[f"side_mid_{name}_db"]] = _ratio_db(powers[1, inside].sum(), powers[0, inside].sum())
    mean_squares = float(np.mean(np.square(left, dtype=np.float64))), float(np.mean(np.square(right, dtype=np.float64)))
    side_mid_db = _ratio_db(
        float(np.mean(np.square(side, dtype=np.float64))), float(np.mean(np.square(mid, dtype=np.float64)))
    )
    stats[STAT["side_mid_db"]] = side_mid_db
    stats[STAT["balance_db"]] = float(np.clip(_ratio_db(*mean_squares), -30.0, 30.0))
    cross = float(np.mean(left.astype(np.float64) * right))
    stats[STAT["correlation"]] = cross / (np.sqrt(mean_squares[0] * mean_squares[1]) + 1e-20)
    stats[STAT["active_ratio"]] = active
    stats[STAT["is_mono"]] = float(side_mid_db < -55.0)
    stats[STAT["rolloff_khz"]] = _rolloff_khz(stats[MID_BANDS])
    return stats.astype(np.float32)


def third_octaves_db(signal: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Mean power of one channel, (frames,), in each of THIRD_OCTAVES_HZ, dB re full scale, (28,)."""
    n_fft = scipy.fft.next_fast_len(min(int(0.37 * rate), max(256, signal.size)), real=True)
    n_frames = max(1, signal.size // n_fft)
    padded = np.zeros(n_frames * n_fft, dtype=np.float32)
    padded[: min(signal.size, padded.size)] = signal[: padded.size]
    window = np.hanning(n_fft).astype(np.float32)
    power = np.zeros(n_fft // 2 + 1)
    frames = padded.reshape(n_frames, n_fft)
    for start in range(0, n_frames, 64):
        spectrum = scipy.fft.rfft(frames[start : start + 64] * window, axis=1)
        power += np.square(spectrum.real).sum(axis=0, dtype=np.float64) + np.square(spectrum.imag).sum(
            axis=0, dtype=np.float64
        )
    power *= 2.0 / (n_frames * n_fft * float(np.square(window).sum()))
    # Bands share the bins at their edges in proportion, so low bands of few bins are not jagged.
    cumulative = np.concatenate([[0.0], np.cumsum(power)])
    edges_hz = np.concatenate([THIRD_OCTAVES_HZ * 2.0 ** (-1 / 6), THIRD_OCTAVES_HZ[-1:] * 2.0 ** (1 / 6)])
    at = np.interp(edges_hz * n_fft / rate + 0.5, np.arange(cumulative.size), cumulative)
    return 10.0 * np.log10(np.diff(at) + 1e-20)


def _ratio_db(numerator: float, denominator: float) -> float:
    return float(np.clip(10.0 * np.log10((numerator + 1e-20) / (denominator + 1e-20)), -60.0, 30.0))


def _k_energies(audio: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """K-weighted mean square of all channels in blocks of 100 ms; mono counts as two equal channels, as it is
    played.
    """
    sos = np.insert(k_sections(rate), 3, 1.0, axis=1)
    hop = max(1, round(0.1 * rate))
    n_blocks = max(1, audio.shape[1] // hop)
    energies = np.zeros(n_blocks)
    for channel in audio:
        weighted = scipy.signal.sosfilt(sos, channel.astype(np.float64))[: n_blocks * hop]
        energies[: len(weighted) // hop or 1] += np.mean(np.square(weighted).reshape(n_blocks, -1), axis=1)
    return energies * (2.0 if audio.shape[0] == 1 else 1.0)


def _lufs(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    return -0.691 + 10.0 * np.log10(energy + 1e-12)


def _integrated(blocks: NDArray[np.float64]) -> tuple[float, float]:
    """Gated loudness and the share of 400 ms blocks that pass the gates."""
    momentary = _moving_mean(blocks, 4)
    loud = momentary[_lufs(momentary) > GATE_LUFS]
    if not loud.size:
        return GATE_LUFS, 0.0
    kept = loud[_lufs(loud) > float(_lufs(np.array([loud.mean()]))[0]) - 10.0]
    return float(_lufs(np.array([kept.mean()]))[0]), kept.size / momentary.size


def _short_term(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    return _lufs(_moving_mean(blocks, 30))


def _moving_mean(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    if values.size < n:
        return np.array([values.mean()])
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.maximum(sums[n:] - sums[:-n], 0.0) / n


def _levels_db(audio: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Level of each 50 ms, of the louder channel, dBFS: what a stereo-linked compressor sees."""
    hop = max(1, round(0.05 * rate))
    n_blocks = audio.shape[1] // hop
    if n_blocks == 0:
        return np.empty(0)
    squares = np.square(audio[:, : n_blocks * hop], dtype=np.float64).reshape(audio.shape[0], n_blocks, hop)
    return 10.0 * np.log10(squares.mean(axis=2).max(axis=0) + 1e-12)


def _region_crests_db(mid: NDArray[np.float32], rate: int) -> list[float]:
    """Crest of the mid signal in three regions, dB: the 99.9th percentile of magnitude over RMS."""
    low = scipy.signal.butter(2, REGIONS_HZ[0][1], fs=rate, output="sos")
    upper_hz = min(REGIONS_HZ[1][1], 0.45 * rate)
    high = scipy.signal.butter(2, upper_hz, btype="high", fs=rate, output="sos")
    # A tenth of the song in pieces of 0.5 s is enough for a percentile, at a tenth of the cost.
    piece = max(64, rate // 2)
    n_pieces = max(1, mid.size // piece)
    signal = mid[: n_pieces * piece].reshape(n_pieces, -1)[:: max(1, n_pieces // 60)].astype(np.float64)
    below = scipy.signal.sosfilt(low, signal, axis=1)
    above = scipy.signal.sosfilt(high, signal, axis=1)
    crests = []
    for part in (below, signal - below - above, above):
        magnitude = np.abs(part)
        rms = float(np.sqrt(np.mean(np.square(part))))
        crests.append(float(np.clip(20.0 * np.log10((np.quantile(magnitude, 0.999) + 1e-9) / (rms + 1e-9)), 0.0, 40.0)))
    return crests


def _peak_dbtp(audio: NDArray[np.float32]) -> float:
    """True peak near the highest samples, 4x oversampled: within 0.1 dB of a full measurement at a fraction of its
    cost.
    """
    block = 2048
    peak = float(np.abs(audio).max())
    for channel in audio:
        n_blocks = channel.size // block
        if n_blocks == 0:
            continue
        heights = np.abs(channel[: n_blocks * block]).reshape(n_blocks, block).max(axis=1)
        for i in np.argsort(heights)[-12:]:
            around = channel[max(0, (i * block) - 64) : (i + 1) * block + 64]
            peak = max(peak, float(np.abs(scipy.signal.resample_poly(around.astype(np.float64), 4, 1)).max()))
    return 20.0 * np.log10(peak + 1e-9)


def _rolloff_khz(mid_bands_db: NDArray[np.float64]) -> float:
    """The highest third octave that still holds something: a lossy or low-rate source ends early."""
    alive = np.nonzero(mid_bands_db > mid_bands_db.max() - 65.0)[0]
    return float(THIRD_OCTAVES_HZ[alive[-1]] / 1000.0)
