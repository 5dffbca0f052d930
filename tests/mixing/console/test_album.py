"""An album's songs are brought together, and no further than they should be."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.features import SongFeatures, extract_features
from mixing.console.album import MAX_MOVE_DB, consistent
from mixing.console.renderer import render
from mixing.console.spec import BusSettings, DeliverySettings, MixSettings
from tests.signals import Signal, pink_noise

RATE = 44_100


def tilted(seed: int, db_per_octave: float) -> Signal:
    noise = pink_noise(seed, 6.0, rate=RATE)
    spectrum = np.fft.rfft(noise, axis=1)
    freqs = np.fft.rfftfreq(noise.shape[1], 1.0 / RATE)
    spectrum *= 10.0 ** (db_per_octave * np.log2(np.maximum(freqs, 20.0) / 1000.0) / 20.0)
    return np.fft.irfft(spectrum, noise.shape[1], axis=1).astype(np.float32)


def heard(audio: Signal) -> SongFeatures:
    return extract_features([audio], RATE, content_hash="x")


def treble_db(audio: Signal) -> float:
    power = np.square(np.abs(np.fft.rfft(audio[0])))
    freqs = np.fft.rfftfreq(audio.shape[1], 1.0 / RATE)
    bands = [power[(low < freqs) & (freqs < high)].sum() for low, high in ((5000, 12_500), (315, 2000))]
    return float(10.0 * np.log10(bands[0] / bands[1]))


def test_songs_come_nearer_in_tone_and_get_one_loudness() -> None:
    songs = [tilted(1, -0.7), tilted(2, 0.0), tilted(3, 0.7)]
    before = [MixSettings(delivery=DeliverySettings(lufs)) for lufs in (-18.0, -14.0, -12.0)]
    after = consistent(before, [heard(song) for song in songs])
    assert [settings.delivery.loudness_lufs for settings in after] == [-14.0] * 3
    spread = [np.ptp([treble_db(song) for song in songs])]
    spread.append(np.ptp([treble_db(render(song, RATE, s)[0]) for song, s in zip(songs, after, strict=True)]))
    assert 0.2 * spread[0] < spread[1] < 0.75 * spread[0]
    assert after[1].bus.high_shelf_db == pytest.approx(0.0, abs=0.3)


def test_songs_move_by_little_and_alike_songs_not_at_all() -> None:
    songs = [heard(tilted(1, -6.0)), heard(tilted(2, 6.0)), heard(tilted(2, 6.0))]
    after = consistent([MixSettings(bus=BusSettings(high_shelf_db=8.5))] * 3, songs)
    assert after[0].bus.high_shelf_db == 9.0
    assert abs(after[0].bus.low_shelf_db) <= MAX_MOVE_DB
    assert after[1].bus.high_shelf_db == pytest.approx(8.5)
