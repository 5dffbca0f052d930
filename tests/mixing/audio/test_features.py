"""What mixers know of a song: right numbers, whatever the gain, rate and length of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import scipy.signal
import soundfile
from numpy.typing import NDArray

from mixing.audio.features import (
    MID_BANDS,
    N_STATS,
    SIDE_BANDS,
    STAT,
    THIRD_OCTAVES_HZ,
    cached_features,
    extract_features,
    load_features,
    save_features,
)
from mixing.audio.log_mel import N_CROPS, mel_centers_hz
from mixing.errors import AudioError

RATE = 44_100
# Measured on these signals: loudness 0.01 LU, bands 0.02 dB, log-mel 0.2 dB in any band (triangles against a curve).
LOUDNESS_TOLERANCE_LU, BAND_TOLERANCE_DB, MEL_TOLERANCE_DB = 0.05, 0.1, 0.6


def make_noise(seconds: float = 8.0, rate: int = RATE, seed: int = 0) -> NDArray[np.float32]:
    """Stereo noise that falls by 3 dB an octave and swells, 0.3 wide."""
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    spectrum = np.fft.rfft(rng.normal(size=(2, n))) / np.sqrt(np.maximum(np.arange(n // 2 + 1), 1))
    mid, side = np.fft.irfft(spectrum, n)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(n) / rate / 4.0)
    audio = np.stack([mid + 0.3 * side, mid - 0.3 * side]) * swell
    return np.asarray(0.3 * audio / np.abs(audio).max(), dtype=np.float32)


def stats_of(audio: NDArray[np.float32], rate: int = RATE) -> NDArray[np.float32]:
    return extract_features([audio], rate, content_hash="x").stems[0].stats


def test_shapes_and_types_are_as_promised() -> None:
    stem = extract_features([make_noise()], RATE, content_hash="x").stems[0]
    assert stem.log_mel.shape == (N_CROPS, 2, 64, 128)
    assert stem.log_mel.dtype == np.float16
    assert stem.stats.shape == (N_STATS,)
    assert stem.stats.dtype == np.float32


def test_the_same_audio_gives_the_same_features() -> None:
    first, second = (extract_features([make_noise()], RATE, content_hash="x").stems[0] for _ in range(2))
    assert np.array_equal(first.log_mel, second.log_mel)
    assert np.array_equal(first.stats, second.stats)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_loudness_agrees_with_an_independent_meter(rate: int) -> None:
    audio = make_noise(rate=rate)
    expected = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64))
    assert abs(float(stats_of(audio, rate)[STAT["loudness_lufs"]]) - expected) < LOUDNESS_TOLERANCE_LU


def test_a_gain_changes_the_loudness_and_nothing_else() -> None:
    audio = make_noise()
    loud, quiet = (extract_features([audio * g], RATE, content_hash="x").stems[0] for g in (1.0, 0.1))
    change = loud.stats - quiet.stats
    assert abs(change[STAT["loudness_lufs"]] - 20.0) < 0.01
    change[STAT["loudness_lufs"]] = 0.0
    assert np.abs(change).max() < 0.02
    assert np.abs(loud.log_mel.astype(float) - quiet.log_mel.astype(float)).max() < 0.02


def test_a_sine_lies_in_its_own_band() -> None:
    t = np.arange(8 * RATE) / RATE
    sine = np.tile(0.5 * np.sin(2 * np.pi * 1000.0 * t), (2, 1)).astype(np.float32)
    stats = stats_of(sine)
    bands = stats[MID_BANDS] + stats[STAT["loudness_lufs"]]
    at = int(np.argmin(np.abs(THIRD_OCTAVES_HZ - 1000.0)))
    assert int(bands.argmax()) == at
    assert abs(bands[at] - 20.0 * np.log10(0.5 / np.sqrt(2.0))) < 0.05
    assert stats[STAT["is_mono"]] == 1.0


def test_an_equalizer_adds_its_curve_to_bands_and_log_mel() -> None:
    audio = make_noise()
    b, a = scipy.signal.iirpeak(900.0, 1.0, fs=RATE)
    # A resonance in parallel: 1 + 2 H has a smooth boost of 9.5 dB at its center.
    boosted = (audio + 2.0 * scipy.signal.lfilter(b, a, audio, axis=1)).astype(np.float32)

    def curve_db(hz: NDArray[np.float64]) -> NDArray[np.float64]:
        _, h = scipy.signal.freqz(b, a, worN=hz, fs=RATE)
        return np.asarray(20.0 * np.log10(np.abs(1.0 + 2.0 * h)))

    before, after = (extract_features([x], RATE, content_hash="x").stems[0] for x in (audio, boosted))
    shift = float(after.stats[STAT["loudness_lufs"]] - before.stats[STAT["loudness_lufs"]])
    for bands in (MID_BANDS, SIDE_BANDS):
        inner = slice(bands.start + 4, bands.stop - 2)
        moved = after.stats[inner] - before.stats[inner] + shift
        assert np.abs(moved - curve_db(THIRD_OCTAVES_HZ)[4:-2]).max() < BAND_TOLERANCE_DB * 5
    mel = 10.0 * (after.log_mel.astype(float) - before.log_mel.astype(float)).mean(axis=(0, 3))[0] + shift
    assert np.abs(mel - curve_db(mel_centers_hz()))[4:].max() < MEL_TOLERANCE_DB


def test_the_same_sound_at_another_rate_has_the_same_features() -> None:
    audio = make_noise()
    other = scipy.signal.resample_poly(audio, 160, 147, axis=1).astype(np.float32)
    difference = np.abs(stats_of(audio) - stats_of(other, 48_000))
    assert difference[MID_BANDS][4:-1].max() < 0.3
    assert difference[STAT["loudness_lufs"]] < 0.05


def test_long_songs_are_judged_by_their_middle() -> None:
    quiet_rate = 8000
    middle = make_noise(180.0, quiet_rate)
    edges = np.zeros((2, 30 * quiet_rate), np.float32)
    whole = np.concatenate([edges, middle, edges], axis=1)
    assert np.array_equal(stats_of(whole, quiet_rate), stats_of(middle, quiet_rate))


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((2, 5 * RATE), np.float32),
        np.ones((1, 100), np.float32),
        make_noise(0.5)[:1],
        np.concatenate([np.zeros((2, 4 * RATE), np.float32), make_noise(0.2)], axis=1),
    ],
    ids=["silence", "a few samples", "short mono", "one hit in silence"],
)
def test_awkward_audio_gives_finite_features(audio: NDArray[np.float32]) -> None:
    stem = extract_features([audio], RATE, content_hash="x").stems[0]
    assert np.isfinite(stem.stats).all()
    assert np.isfinite(stem.log_mel).all()


@pytest.mark.parametrize(
    "stems",
    [[], [np.zeros((3, 100), np.float32)], [np.zeros((2, 0), np.float32)], [np.full((2, 100), np.nan, np.float32)]],
)
def test_what_is_no_music_is_refused(stems: list[NDArray[np.float32]]) -> None:
    with pytest.raises(AudioError):
        extract_features(stems, RATE, content_hash="x")


def test_features_survive_the_disk_and_damage_is_noticed(tmp_path: Path) -> None:
    features = extract_features([make_noise(), make_noise(seed=1)], RATE, content_hash="abc")
    path = tmp_path / "features.npz"
    save_features(features, path)
    again = load_features(path)
    assert (again.content_hash, again.sample_rate, len(again.stems)) == ("abc", RATE, 2)
    assert np.array_equal(again.stems[1].log_mel, features.stems[1].log_mel)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(AudioError):
        load_features(path)


def test_a_file_is_measured_once(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, make_noise().T, RATE, subtype="FLOAT")
    first = cached_features(path, tmp_path / "cache", "abc")
    path.unlink()
    again = cached_features(path, tmp_path / "cache", "abc")
    assert np.array_equal(first.stems[0].stats, again.stems[0].stats)
    with pytest.raises(AudioError):
        cached_features(path, tmp_path / "cache", "another")
