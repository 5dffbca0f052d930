"""The five bands: exact bypass, the shape of their analog prototypes, and the sound that the drawn curve promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.biquads import BYPASS, bus_bands, high_pass, peak, response_db, shelf, strip_bands
from mixing.console.eq_curve import eq_response_db
from mixing.console.kernels.bands import five_bands, new_bands_state, new_section_state, one_section
from mixing.console.spec import BUS, MAX_CENTER_OF_RATE, STRIP, BusSettings, StripSettings
from tests.signals import pink_noise

RATE = 48_000
# Two float32 roundings of a signal near full scale.
ROUNDING = 3e-7
# Of the analog prototypes, all bands of a strip together, up to 0.8 of half the sample rate.
ANALOG_DB = 0.5
TONE = [p for p in BUS if p.group == "tone"]
STRIP_TONE = [p for p in STRIP if p.group == "tone"]
ACTIVE = BusSettings(
    low_shelf_db=4.0, low_peak_db=-5.0, mid_peak_db=3.0, high_peak_db=-2.0, high_shelf_db=6.0, mid_peak_q=3.0
)


def filtered(x: np.ndarray, sections: np.ndarray, *blocks: int) -> np.ndarray:
    out = x.astype(np.float32).copy()
    state = new_bands_state()
    start = 0
    for length in blocks or (out.size,):
        five_bands(out[start : start + length], sections, state)
        start += length
    return out


def test_no_gain_is_an_exact_bypass() -> None:
    sections = bus_bands(BusSettings(), RATE)
    assert [tuple(section) for section in sections] == [BYPASS] * 5
    x = pink_noise(1, 0.5)[0]
    np.testing.assert_array_equal(filtered(x, sections), x)


@pytest.mark.parametrize("gain_db", [-9.0, -1.0, 3.0, 9.0])
def test_a_peak_has_its_gain_at_its_center_and_none_far_away(gain_db: float) -> None:
    section = peak(1000.0, gain_db, 1.0, RATE)[None]
    at = response_db(section, np.array([1.0, 1000.0, 23_999.0]), RATE)
    np.testing.assert_allclose(at, [0.0, gain_db, 0.0], atol=0.05)


def prototype_db(s: np.ndarray, kind: str, gain_db: float, q: float) -> np.ndarray:
    """Analog prototypes at normalized complex frequencies. Source: R. Bristow-Johnson, Audio EQ cookbook."""
    amp = 10.0 ** (gain_db / 40.0)
    root = np.sqrt(amp) / np.sqrt(0.5)
    if kind == "peak":
        h = (s**2 + s * amp / q + 1.0) / (s**2 + s / (amp * q) + 1.0)
    elif kind == "low shelf":
        h = amp * (s**2 + root * s + amp) / (amp * s**2 + root * s + 1.0)
    else:
        h = amp * (amp * s**2 + root * s + 1.0) / (s**2 + root * s + amp)
    return np.asarray(20.0 * np.log10(np.abs(h)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=len(STRIP_TONE), max_size=len(STRIP_TONE)),
    st.sampled_from([8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]),
)
def test_a_whole_strip_keeps_the_shape_of_its_analog_prototypes(positions: list[float], rate: int) -> None:
    strip = StripSettings(**{p.name: p.from_normalized(x) for p, x in zip(STRIP_TONE, positions, strict=True)})
    freqs = np.geomspace(10.0, min(18_000.0, 0.4 * rate), 300)
    bands = [
        (strip.low_shelf_hz, "low shelf", strip.low_shelf_db, 1.0),
        (strip.low_peak_hz, "peak", strip.low_peak_db, strip.low_peak_q),
        (strip.high_peak_hz, "peak", strip.high_peak_db, strip.high_peak_q),
        (strip.high_shelf_hz, "high shelf", strip.high_shelf_db, 1.0),
    ]
    wanted = -10.0 * np.log10(1.0 + (strip.high_pass_hz / freqs) ** 4)
    for hz, kind, gain_db, q in bands:
        if hz <= MAX_CENTER_OF_RATE * rate:
            wanted += prototype_db(1j * freqs / hz, kind, gain_db, q)
    np.testing.assert_allclose(response_db(strip_bands(strip, rate), freqs, rate), wanted, atol=ANALOG_DB)


@pytest.mark.parametrize("is_high", [True, False])
def test_a_shelf_has_its_gain_on_its_side_half_at_the_corner_and_no_bump(is_high: bool) -> None:
    section = shelf(1000.0, 6.0, RATE, is_high=is_high)[None]
    curve = response_db(section, np.geomspace(10.0, 23_900.0, 400), RATE)
    low, corner, high = response_db(section, np.array([10.0, 1000.0, 23_900.0]), RATE)
    assert (low, high) == pytest.approx((0.0, 6.0) if is_high else (6.0, 0.0), abs=0.02)
    assert corner == pytest.approx(3.0, abs=0.02)
    steps = np.diff(curve)
    assert (steps >= -1e-9).all() if is_high else (steps <= 1e-9).all()


def test_the_high_pass_is_a_butterworth() -> None:
    freqs = np.geomspace(5.0, 20_000.0, 60)
    _, wanted = scipy.signal.freqz(*scipy.signal.butter(2, 120.0, "high", fs=RATE), worN=freqs, fs=RATE)
    np.testing.assert_allclose(
        response_db(high_pass(120.0, RATE)[None], freqs, RATE), 20.0 * np.log10(np.abs(wanted)), atol=1e-6
    )


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000, 192_000])
def test_bands_above_the_rate_are_bypassed_and_the_rest_is_not(rate: int) -> None:
    bus = replace(ACTIVE, high_shelf_hz=16_000.0)
    is_bypassed = tuple(bus_bands(bus, rate)[4]) == BYPASS
    assert is_bypassed == (0.45 * rate < 16_000.0)


def test_the_sound_follows_the_drawn_curve() -> None:
    x = pink_noise(2, 8.0)[0]
    y = filtered(x, bus_bands(ACTIVE, RATE))
    freqs, before = scipy.signal.welch(x, RATE, nperseg=8192)
    _, after = scipy.signal.welch(y, RATE, nperseg=8192)
    inside = (freqs > 40.0) & (freqs < 18_000.0)
    measured = 10.0 * np.log10(after[inside] / before[inside])
    np.testing.assert_allclose(measured, eq_response_db(ACTIVE, freqs[inside], RATE), atol=0.25)


def test_sections_equal_scipys() -> None:
    x = pink_noise(3, 1.0)[0]
    sections = bus_bands(ACTIVE, RATE)
    sos = np.insert(sections, 3, 1.0, axis=1)
    np.testing.assert_allclose(filtered(x, sections), scipy.signal.sosfilt(sos, x.astype(np.float64)), atol=ROUNDING)


@pytest.mark.parametrize("length", [1, 64, 65, 8192, 8193])
def test_blocks_equal_one_block(length: int) -> None:
    x = pink_noise(4, 0.4)[0]
    sections = bus_bands(ACTIVE, RATE)
    blocks = [length] * (x.size // length) + [x.size % length]
    np.testing.assert_array_equal(filtered(x, sections, *blocks), filtered(x, sections))


def test_compiled_equals_plain() -> None:
    x = pink_noise(5, 0.05)[0]
    sections = bus_bands(ACTIVE, RATE)
    plain = x.copy()
    five_bands.py_func(plain, sections, new_bands_state())
    np.testing.assert_allclose(filtered(x, sections), plain, atol=ROUNDING)
    compiled, interpreted = x.copy(), x.copy()
    one_section(compiled, sections[0], new_section_state())
    one_section.py_func(interpreted, sections[0], new_section_state())
    np.testing.assert_allclose(compiled, interpreted, atol=ROUNDING)


def test_silence_ends_the_memory_of_the_filters() -> None:
    state = new_bands_state()
    x = np.ones(64, dtype=np.float32)
    sections = bus_bands(ACTIVE, RATE)
    five_bands(x, sections, state)
    for _ in range(40):
        five_bands(np.zeros(48_000, dtype=np.float32), sections, state)
    assert (state == 0.0).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=len(TONE), max_size=len(TONE)), st.sampled_from([8000, 44_100, 192_000]))
def test_every_legal_equalizer_is_stable(positions: list[float], rate: int) -> None:
    values = {p.name: p.from_normalized(x) for p, x in zip(TONE, positions, strict=True)}
    sections = bus_bands(BusSettings(**values), rate)
    for section in sections:
        assert (np.abs(np.roots([1.0, section[3], section[4]])) < 1.0).all()
    impulse = np.zeros(4096, dtype=np.float32)
    impulse[0] = 1.0
    assert np.isfinite(filtered(impulse, sections)).all()
