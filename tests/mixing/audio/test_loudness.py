"""Loudness by the signals and tolerances of EBU Tech 3341 and 3342, and by another meter."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.gating import gated_lufs
from mixing.audio.loudness import integrated_lufs, loudness_range_lu, momentary_lufs, short_term_lufs
from mixing.errors import AudioError
from tests.signals import Signal, beat, pink_noise, sine

RATE = 48_000
# Tech 3341, table 1: +-0.1 LU. Tech 3342: +-1 LU.
TOLERANCE_LU = 0.1
RANGE_TOLERANCE_LU = 1.0


def steps(*parts: tuple[float, float]) -> Signal:
    """A stereo sine of 1 kHz in steps of (dBFS, seconds)."""
    return np.concatenate([sine(1000.0, seconds, rate=RATE, level_dbfs=level) for level, seconds in parts], axis=1)


@pytest.mark.parametrize(
    ("signal", "lufs"),
    [
        (steps((-23.0, 20.0)), -23.0),
        (steps((-33.0, 20.0)), -33.0),
        (steps((-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)), -23.0),
        (steps((-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)), -23.0),
        (steps((-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)), -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_integrated_loudness_of_the_standards_signals(signal: Signal, lufs: float) -> None:
    assert integrated_lufs(signal, RATE) == pytest.approx(lufs, abs=TOLERANCE_LU)


@pytest.mark.parametrize(
    ("signal", "range_lu"),
    [
        (steps((-20.0, 20.0), (-30.0, 20.0)), 10.0),
        (steps((-20.0, 20.0), (-15.0, 20.0)), 5.0),
        (steps((-40.0, 20.0), (-20.0, 20.0)), 20.0),
        (steps((-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)), 15.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4"],
)
def test_loudness_range_of_the_standards_signals(signal: Signal, range_lu: float) -> None:
    assert loudness_range_lu(signal, RATE) == pytest.approx(range_lu, abs=RANGE_TOLERANCE_LU)


def test_short_term_and_momentary_loudness_settle_on_a_steady_tone() -> None:
    tone = steps((-23.0, 6.0))
    assert short_term_lufs(tone, RATE)[-1] == pytest.approx(-23.0, abs=TOLERANCE_LU)
    assert momentary_lufs(tone, RATE)[-1] == pytest.approx(-23.0, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_another_meter_agrees_at_every_rate(rate: int, channels: int) -> None:
    audio = beat(1, 8.0, rate=rate, channels=channels)
    other = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64))
    assert integrated_lufs(audio, rate) == pytest.approx(other, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(st.floats(-40.0, 20.0))
def test_a_gain_moves_loudness_by_itself_and_leaves_the_range(gain_db: float) -> None:
    louder = NOISE * np.float32(10.0 ** (gain_db / 20.0))
    assert integrated_lufs(louder, RATE) == pytest.approx(integrated_lufs(NOISE, RATE) + gain_db, abs=0.01)


NOISE = pink_noise(2, 6.0, rate=RATE)


def test_silence_has_no_loudness_and_no_range() -> None:
    silence = np.zeros((2, RATE * 5), dtype=np.float32)
    assert integrated_lufs(silence, RATE) == -math.inf
    assert loudness_range_lu(silence, RATE) == 0.0
    assert np.isneginf(momentary_lufs(silence, RATE)).all()


def test_a_sound_shorter_than_a_block_is_measured_as_it_is() -> None:
    assert integrated_lufs(sine(1000.0, 0.05, rate=RATE, level_dbfs=-23.0), RATE) == pytest.approx(-23.0, abs=3.0)
    assert gated_lufs(np.zeros(0)) == -math.inf


@pytest.mark.parametrize("audio", [np.zeros((2, 0)), np.zeros((3, 100)), np.zeros(100), np.full((2, 9000), np.nan)])
def test_what_cannot_be_measured_is_refused(audio: Signal) -> None:
    with pytest.raises(AudioError):
        integrated_lufs(audio.astype(np.float32), RATE)
