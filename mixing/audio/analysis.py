"""What a musician wants to know of a song: tempo, key, and how loud, dynamic, wide and bright it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from mixing.audio.gating import gated_lufs, gated_range_lu
from mixing.audio.loudness import hop_powers
from mixing.audio.true_peak import true_peak_dbtp

ANALYSIS_RATE = 22_050
HOP = 512
# Listeners' ratings of how well each pitch class fits a key, from its tonic. Source: C. L. Krumhansl, E. J. Kessler,
# Tracing the dynamic changes in perceived tonal organization, Psychological Review 89 (4), 1982.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
PITCHES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
# A lead over the next key of this much, in correlation, is as sure as it gets.
SURE_LEAD = 0.15
# Silent sides have no width that could be written in decibels.
MIN_WIDTH_DB = -60.0
CENTROID_WINDOW_S = 0.1


@dataclass(frozen=True)
class Analysis:
    """A song, measured.

    Attributes:
        tempo_bpm: beats a minute; tempo_confidence: 0 to 1.
        key: such as "A minor"; key_confidence: 0 to 1.
        loudness_lufs, range_lu, true_peak_dbtp: BS.1770, Tech 3342.
        crest_db: highest sample over RMS. plr_db: true peak over loudness.
        width_db: side over mid, at least MIN_WIDTH_DB.
        centroid_hz: center of the spectrum.
    """

    tempo_bpm: float
    tempo_confidence: float
    key: str
    key_confidence: float
    loudness_lufs: float
    range_lu: float
    true_peak_dbtp: float
    crest_db: float
    plr_db: float
    width_db: float
    centroid_hz: float


def analyze(audio: NDArray[np.float32], rate: int) -> Analysis:
    """Measure a song.

    Args:
        audio: (channels, frames), 1 or 2 channels, finite.
        rate: Hz.
    Raises: AudioError if empty, not finite or of another shape.
    """
    powers = hop_powers(audio, rate)
    loudness_lufs = gated_lufs(powers)
    peak_dbtp = true_peak_dbtp(audio, rate)
    mono = soxr.resample(audio.mean(axis=0), rate, ANALYSIS_RATE)
    tempo_bpm, tempo_confidence = _tempo(mono)
    key, key_confidence = _key(mono)
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    return Analysis(
        tempo_bpm=tempo_bpm,
        tempo_confidence=tempo_confidence,
        key=key,
        key_confidence=key_confidence,
        loudness_lufs=loudness_lufs,
        range_lu=gated_range_lu(powers),
        true_peak_dbtp=peak_dbtp,
        crest_db=20.0 * math.log10(float(np.abs(audio).max()) / rms) if rms > 0.0 else 0.0,
        plr_db=peak_dbtp - loudness_lufs,
        width_db=_width_db(audio),
        centroid_hz=spectral_centroid_hz(audio, rate),
    )


def spectral_centroid_hz(audio: NDArray[np.float32], rate: int) -> float:
    """The center of the spectrum: frequencies weighed by their magnitude, over all of the sound; 0 for silence.

    Args:
        audio: (channels, frames).
        rate: Hz.
    """
    mono = audio.mean(axis=0)
    n_fft = scipy.fft.next_fast_len(max(64, round(CENTROID_WINDOW_S * rate)), real=True)
    padded = np.zeros(-(-mono.size // n_fft) * n_fft, dtype=np.float32)
    padded[: mono.size] = mono
    frames = padded.reshape(-1, n_fft) * np.hanning(n_fft).astype(np.float32)
    power = np.square(np.abs(scipy.fft.rfft(frames, axis=1))).sum(axis=0, dtype=np.float64)
    magnitude = np.sqrt(power)
    total = float(magnitude.sum())
    return float(np.dot(magnitude, np.arange(magnitude.size)) * rate / n_fft / total) if total > 0.0 else 0.0


def _tempo(mono: NDArray[np.float32]) -> tuple[float, float]:
    """Beats a minute, and how well the onsets repeat after one beat: their autocorrelation there, 0 to 1."""
    # Slow to import, and needed by nothing else here. Of librosa only what numpy computes: its compiled generalized
    # functions crash the process now and then when they come from numba's cache.
    import librosa

    onsets = librosa.onset.onset_strength(y=mono, sr=ANALYSIS_RATE, hop_length=HOP)
    tempo_bpm = float(librosa.feature.tempo(onset_envelope=onsets, sr=ANALYSIS_RATE, hop_length=HOP)[0])
    centered = onsets - onsets.mean()
    repeats = librosa.autocorrelate(centered)
    lag = round(60.0 / tempo_bpm * ANALYSIS_RATE / HOP) if tempo_bpm > 0.0 else 0
    if not 0 < lag < repeats.size - 1 or repeats[0] <= 0.0:
        return tempo_bpm, 0.0
    return tempo_bpm, float(np.clip(repeats[lag - 1 : lag + 2].max() / repeats[0], 0.0, 1.0))


def _key(mono: NDArray[np.float32]) -> tuple[str, float]:
    """The key whose profile fits best, and how clearly it leads over the next one."""
    import librosa

    # Concert pitch is taken for granted: estimating the tuning needs one of the functions that crash.
    chroma = librosa.feature.chroma_stft(y=mono, sr=ANALYSIS_RATE, n_fft=4096, hop_length=2048, tuning=0.0).mean(axis=1)
    if float(np.ptp(chroma)) == 0.0:
        return "C major", 0.0
    fits = []
    for name, profile in (("major", MAJOR), ("minor", MINOR)):
        for tonic in range(12):
            fit = float(np.corrcoef(chroma, np.roll(profile, tonic))[0, 1])
            fits.append((fit, f"{PITCHES[tonic]} {name}"))
    fits.sort(reverse=True)
    return fits[0][1], float(np.clip((fits[0][0] - fits[1][0]) / SURE_LEAD, 0.0, 1.0))


def _width_db(audio: NDArray[np.float32]) -> float:
    mid, side = audio[0] + audio[-1], audio[0] - audio[-1]
    powers = [float(np.mean(np.square(signal, dtype=np.float64))) for signal in (side, mid)]
    if powers[0] == 0.0 or powers[1] == 0.0:
        return MIN_WIDTH_DB if powers[0] == 0.0 else -MIN_WIDTH_DB
    return max(MIN_WIDTH_DB, 10.0 * math.log10(powers[0] / powers[1]))
