"""What a musician reads of a song, checked on songs that are known because they were made."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.analysis import MIN_WIDTH_DB, analyze, spectral_centroid_hz
from mixing.errors import AudioError
from tests.signals import Signal, beat, sine

RATE = 22_050
A4 = 440.0


def clicks(bpm: float, duration_s: float = 20.0) -> Signal:
    t = np.arange(round(duration_s * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal(t.size)
    return (0.3 * noise * np.exp(-60.0 * (t % (60.0 / bpm))))[None].astype(np.float32)


def chords(*roots: tuple[int, bool]) -> Signal:
    """Two seconds of each triad: semitones above A, and whether it is minor."""
    t = np.arange(2 * RATE) / RATE
    parts = []
    for root, is_minor in roots:
        steps = (root, root + (3 if is_minor else 4), root + 7, root - 12)
        parts.append(sum(np.sin(2.0 * np.pi * A4 / 2.0 * 2.0 ** (step / 12.0) * t) for step in steps))
    return (0.1 * np.concatenate(parts))[None].astype(np.float32)


@pytest.mark.parametrize("bpm", [90.0, 120.0, 140.0])
def test_a_beat_has_its_tempo(bpm: float) -> None:
    analysis = analyze(clicks(bpm), RATE)
    assert analysis.tempo_bpm == pytest.approx(bpm, rel=0.03)
    assert analysis.tempo_confidence > 0.5


def test_noise_has_no_tempo_to_be_sure_of() -> None:
    noise = np.random.default_rng(2).standard_normal((1, 20 * RATE)).astype(np.float32) * 0.1
    assert analyze(noise, RATE).tempo_confidence < 0.3


@pytest.mark.parametrize(
    ("song", "key"),
    [
        (chords((0, True), (5, True), (7, False), (0, True), (3, False), (0, True)), "A minor"),
        (chords((3, False), (8, False), (10, False), (3, False), (0, True), (3, False)), "C major"),
        (chords((10, False), (3, False), (5, False), (10, False)), "G major"),
    ],
)
def test_a_cadence_has_its_key(song: Signal, key: str) -> None:
    analysis = analyze(song, RATE)
    assert analysis.key == key
    assert 0.0 < analysis.key_confidence <= 1.0


def test_levels_are_what_the_meters_say() -> None:
    tone = sine(1000.0, 10.0, rate=RATE, level_dbfs=-20.0)
    analysis = analyze(tone, RATE)
    assert analysis.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    assert analysis.true_peak_dbtp == pytest.approx(-20.0, abs=0.1)
    assert analysis.crest_db == pytest.approx(3.01, abs=0.05)
    assert analysis.plr_db == pytest.approx(0.0, abs=0.2)
    assert analysis.range_lu == pytest.approx(0.0, abs=0.1)
    assert analysis.width_db == MIN_WIDTH_DB
    assert analysis.centroid_hz == pytest.approx(1000.0, rel=0.1)


def test_width_is_side_over_mid() -> None:
    audio = sine(300.0, 6.0, rate=RATE, level_dbfs=-20.0)
    audio[1] = 0.0
    assert analyze(audio, RATE).width_db == pytest.approx(0.0, abs=0.01)


def test_brighter_sounds_have_a_higher_center() -> None:
    dull, bright = sine(200.0, 2.0, rate=RATE), sine(5000.0, 2.0, rate=RATE)
    assert spectral_centroid_hz(dull, RATE) < spectral_centroid_hz(dull + bright, RATE)
    assert spectral_centroid_hz(np.zeros((2, 1000), dtype=np.float32), RATE) == 0.0


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (96_000, 2)])
def test_every_rate_and_form_is_measured(rate: int, channels: int) -> None:
    analysis = analyze(beat(3, 6.0, rate=rate, channels=channels), rate)
    assert all(np.isfinite(value) for value in vars(analysis).values() if isinstance(value, float))


def test_nothing_cannot_be_measured() -> None:
    with pytest.raises(AudioError):
        analyze(np.zeros((2, 0), dtype=np.float32), RATE)
