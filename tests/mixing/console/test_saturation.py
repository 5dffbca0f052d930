"""Saturation: bypass, ceiling, aliasing, and that blocks do not show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.kernels.saturation import REACH, saturate
from mixing.console.renderer import render
from mixing.console.spec import BusSettings, DeliverySettings, MixSettings
from tests.signals import beat, sine

RATE = 44_100
# What is folded back from above half the sample rate, against the tone; measured: -60 at 10 kHz, -64 or less below.
ALIASES_DB = -55.0


def driven(x: np.ndarray, ceiling: float, *blocks: int) -> np.ndarray:
    quiet = np.zeros(REACH, dtype=np.float32)
    padded = np.concatenate([quiet, x.astype(np.float32), quiet])
    out = np.empty(x.size, dtype=np.float32)
    start = 0
    for length in blocks or (x.size,):
        saturate(padded[start : start + length + 2 * REACH], ceiling, out[start : start + length])
        start += length
    return out


def aliases_db(y: np.ndarray, hz: float) -> float:
    """Everything below 20 kHz that is neither the tone nor a harmonic, against the tone."""
    power = np.abs(np.fft.rfft(y * np.blackman(y.size))) ** 2
    freqs = np.fft.rfftfreq(y.size, 1.0 / RATE)
    harmonic = np.any([np.abs(freqs - k * hz) < 8.0 for k in range(1, int(RATE / 2.0 / hz) + 1)], axis=0)
    tone = power[np.abs(freqs - hz) < 8.0].sum()
    return float(10.0 * np.log10(power[~harmonic & (freqs > 20.0) & (freqs < 20_000.0)].sum() / tone))


def test_little_drive_is_nearly_a_bypass_at_every_frequency() -> None:
    for hz in (50.0, 1000.0, 20_000.0):
        x = sine(hz, 0.1, rate=RATE, level_dbfs=-20.0)[0]
        assert np.abs(driven(x, 100.0) - x).max() < 1e-6


@pytest.mark.parametrize("hz", [100.0, 5001.0])
def test_the_ceiling_is_approached_and_hardly_passed(hz: float) -> None:
    x = sine(hz, 0.2, rate=RATE)[0] * 2.0
    y = driven(x, 0.5)[REACH:-REACH]
    # A band-limited square wave rings.
    assert 0.45 < np.abs(y).max() <= 0.5 * 1.3


@pytest.mark.parametrize("hz", [1001.0, 3001.0, 5001.0, 8003.0, 9999.0])
def test_a_driven_tone_hardly_aliases(hz: float) -> None:
    tone = sine(hz, 5.5, rate=RATE, level_dbfs=-6.0)
    bus = BusSettings(drive_db=24.0)
    out, _ = render(tone, RATE, MixSettings(bus=bus, delivery=DeliverySettings(-20.0)))
    steady = out[0, RATE : 5 * RATE]
    assert aliases_db(steady, hz) < ALIASES_DB
    plain, _ = render(tone, RATE, MixSettings(delivery=DeliverySettings(-20.0)))
    # It does drive: the tone's waveform has changed by more than a tenth.
    loudest = np.abs(plain[0, RATE : 5 * RATE]).max()
    assert np.abs(steady / np.abs(steady).max() - plain[0, RATE : 5 * RATE] / loudest).max() > (
        0.1 if hz < 7e3 else 0.0
    )


@pytest.mark.parametrize("length", [1, 64, 65, 8193])
def test_blocks_equal_one_block(length: int) -> None:
    x = beat(1, 0.4, rate=RATE)[0]
    blocks = [length] * (x.size // length) + [x.size % length]
    np.testing.assert_allclose(driven(x, 0.1, *blocks), driven(x, 0.1), atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-8.0, 8.0, width=32), min_size=1, max_size=100), st.floats(1e-4, 100.0))
def test_what_is_finite_stays_finite_and_bounded(values: list[float], ceiling: float) -> None:
    x = np.array(values, dtype=np.float32)
    y = driven(x, ceiling)
    assert np.isfinite(y).all()
    assert np.abs(y).max() <= 2.0 * max(np.abs(x).max(), 1e-6)


def test_silence_and_direct_current() -> None:
    assert (driven(np.zeros(100), 0.1) == 0.0).all()
    steady = driven(np.full(400, 0.3), 0.1)[2 * REACH : -2 * REACH]
    np.testing.assert_allclose(steady, 0.1 * 3.0 / math.sqrt(10.0), rtol=1e-5)
