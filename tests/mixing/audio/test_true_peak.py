"""True peak against known peaks between samples, and against the filter applied the plain way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mixing.audio.true_peak import ANNEX_2_TAPS, CHUNK, true_peak_dbtp
from mixing.errors import AudioError
from tests import annex_2
from tests.signals import Signal, beat, pink_noise

RATE = 48_000


def tone(cycles_per_sample: float, phase: float, level: float = 0.5, n: int = RATE) -> Signal:
    wave = level * np.sin(2.0 * np.pi * cycles_per_sample * np.arange(n) + phase)
    ramp = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) / 1000.0)
    return (wave * ramp)[None].astype(np.float32)


@pytest.mark.parametrize(("frequency", "phase_deg"), [(1 / 4, 0.0), (1 / 4, 45.0), (1 / 6, 60.0), (1 / 8, 67.5)])
def test_peaks_between_samples_are_found(frequency: float, phase_deg: float) -> None:
    """EBU Tech 3341, cases 15 to 19: +0.2, -0.4 dB."""
    found = true_peak_dbtp(tone(frequency, math.radians(phase_deg)), RATE)
    assert -6.02 - 0.4 <= found <= -6.02 + 0.2


def test_the_filter_has_unit_gain_for_slow_signals() -> None:
    np.testing.assert_allclose(ANNEX_2_TAPS.sum(axis=1), 1.0, atol=0.03)
    assert ANNEX_2_TAPS.shape == (4, 12)
    np.testing.assert_array_equal(ANNEX_2_TAPS, ANNEX_2_TAPS[::-1, ::-1])


@pytest.mark.parametrize("n", [1, 5, 12, CHUNK - 1, CHUNK, CHUNK + 11, CHUNK + 12])
def test_chunks_change_nothing(n: int) -> None:
    audio = pink_noise(1, 6.0, rate=RATE)[:, :n] * 3.0
    expected = max(annex_2.true_peak_dbtp(audio), 20.0 * math.log10(np.abs(audio).max()))
    assert true_peak_dbtp(audio, RATE) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, (2, 50), elements=st.floats(-1.0, 1.0, width=32)))
def test_it_is_never_below_the_highest_sample(audio: Signal) -> None:
    highest = float(np.abs(audio).max())
    sample_peak = 20.0 * math.log10(highest) if highest > 0.0 else -math.inf
    assert true_peak_dbtp(audio, RATE) >= sample_peak


def test_silence_has_no_peak() -> None:
    assert true_peak_dbtp(np.zeros((1, 100), dtype=np.float32), RATE) == -math.inf


@pytest.mark.parametrize("audio", [np.zeros((2, 0)), np.zeros(10), np.full((1, 10), np.inf)])
def test_what_cannot_be_measured_is_refused(audio: Signal) -> None:
    with pytest.raises(AudioError):
        true_peak_dbtp(audio.astype(np.float32), RATE)


def test_a_louder_channel_counts() -> None:
    audio = beat(2, 1.0, rate=RATE)
    audio[1] *= np.float32(0.1)
    assert true_peak_dbtp(audio, RATE) == true_peak_dbtp(audio[:1], RATE)
