"""The reverb: its decay, its level, and that it neither clicks nor runs away."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.reverb import FADE_OUT_S, Reverb
from mixing.console.spec import REVERB, ReverbSettings
from tests.signals import pink_noise

RATE = 44_100


def response(decay_s: float, damping_hz: float = 16_000.0, *, rate: int = RATE, predelay_ms: float = 0.0) -> np.ndarray:
    """To an impulse on both channels, (2, frames)."""
    n = int((1.2 * decay_s + 0.5) * rate)
    x = np.zeros((2, n), dtype=np.float32)
    x[:, 0] = 1.0
    return Reverb(ReverbSettings(decay_s, predelay_ms, damping_hz, 0.0), rate, 10 * n).process(x)


def decay_of(signal: np.ndarray, rate: int, band_hz: tuple[float, float]) -> float:
    """Reverberation time by backward integration between -5 and -35 dB. Source: ISO 3382-1."""
    sos = scipy.signal.butter(3, band_hz, "bandpass", fs=rate, output="sos")
    power = np.square(scipy.signal.sosfilt(sos, signal.sum(axis=0)))
    curve = 10.0 * np.log10(np.cumsum(power[::-1])[::-1] / power.sum() + 1e-12)
    begin, end = int(np.argmax(curve <= -5.0)), int(np.argmax(curve <= -35.0))
    return 60.0 / 30.0 * (end - begin) / rate


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("decay_s", [0.3, 1.2, 5.0])
def test_it_decays_as_set(decay_s: float, rate: int) -> None:
    assert decay_of(response(decay_s, rate=rate), rate, (350.0, 700.0)) == pytest.approx(decay_s, rel=0.1)


@pytest.mark.parametrize("decay_s", [0.8, 2.5])
def test_damping_shortens_the_treble_and_leaves_the_bass(decay_s: float) -> None:
    wet = response(decay_s, 2000.0)
    assert decay_of(wet, RATE, (125.0, 250.0)) == pytest.approx(decay_s, rel=0.1)
    assert decay_of(wet, RATE, (8000.0, 12_000.0)) < 0.5 * decay_s


def test_the_predelay_delays() -> None:
    early, late = response(1.0), response(1.0, predelay_ms=50.0)
    shift = round(0.05 * RATE)
    np.testing.assert_array_equal(late[:, shift:], early[:, : early.shape[1] - shift])
    assert (late[:, :shift] == 0.0).all()


@pytest.mark.parametrize("decay_s", [0.2, 1.2, 5.0])
def test_it_returns_about_the_energy_that_was_sent(decay_s: float) -> None:
    noise = pink_noise(1, 12.0, rate=RATE)
    wet = Reverb(ReverbSettings(decay_s, 0.0, 16_000.0, 0.0), RATE, 2 * noise.shape[1]).process(noise)
    later = slice(6 * RATE, None)
    ratio_db = 20.0 * math.log10(np.std(wet[:, later]) / np.std(noise[:, later]))
    assert ratio_db == pytest.approx(0.0, abs=2.5)


def test_both_sides_ring_apart() -> None:
    wet = response(1.5)[:, 4410:]
    assert abs(np.corrcoef(wet[0], wet[1])[0, 1]) < 0.3


def test_it_fades_with_the_song_and_does_not_click() -> None:
    noise = pink_noise(2, 3.0, rate=RATE)
    wet = Reverb(ReverbSettings(level_db=0.0), RATE, noise.shape[1]).process(noise)
    assert np.abs(wet[:, -4:]).max() < 1e-3
    assert np.std(wet[:, -2 * round(FADE_OUT_S * RATE) : -round(FADE_OUT_S * RATE)]) > 0.01


@pytest.mark.parametrize("length", [1, 65, 8192])
def test_blocks_equal_one_block(length: int) -> None:
    noise = pink_noise(3, 0.3, rate=RATE)
    whole = Reverb(ReverbSettings(level_db=0.0), RATE, noise.shape[1]).process(noise)
    reverb = Reverb(ReverbSettings(level_db=0.0), RATE, noise.shape[1])
    parts = [reverb.process(noise[:, at : at + length]) for at in range(0, noise.shape[1], length)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4), st.sampled_from([8000, 44_100, 192_000]))
def test_every_legal_reverb_dies_away(positions: list[float], rate: int) -> None:
    values = {p.name: p.from_normalized(x) for p, x in zip(REVERB, positions, strict=True)}
    values["level_db"] = 0.0
    reverb = Reverb(ReverbSettings(**values), rate, 40 * rate)
    x = np.zeros((2, rate), dtype=np.float32)
    x[0, 0] = 1.0
    first = reverb.process(x)
    assert np.isfinite(first).all()
    silence = np.zeros((2, rate), dtype=np.float32)
    last = first
    for _ in range(12):
        last = reverb.process(silence)
    assert np.abs(last).max() < 1e-5


def test_silence_ends_its_memory() -> None:
    reverb = Reverb(ReverbSettings(decay_s=0.2, level_db=0.0), 8000, 10**9)
    reverb.process(np.ones((2, 8000), dtype=np.float32))
    for _ in range(12):
        out = reverb.process(np.zeros((2, 8000), dtype=np.float32))
    assert (out == 0.0).all()
