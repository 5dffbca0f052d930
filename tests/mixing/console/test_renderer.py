"""Whole renderings, judged from outside: by other meters, by the settings' promises, and by what must never change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.console.eq_curve import eq_response_db
from mixing.console.renderer import RenderReport, render, render_stream
from mixing.console.spec import BUS_VECTOR, BusSettings, DeliverySettings, MixSettings, StripSettings
from mixing.console.tape import BLOCK, Tape
from mixing.errors import AudioError, SettingsError
from tests.annex_2 import true_peak_dbtp
from tests.signals import Signal, beat, pink_noise, sine

RATE = 44_100
BUSY = BusSettings(
    low_shelf_db=2.0, low_peak_db=-2.0, high_peak_db=1.5, high_shelf_db=3.0, glue_threshold_db=-6.0, glue_ratio=2.5,
    drive_db=5.0, width_db=2.0, mono_below_hz=110.0,
)  # fmt: skip
# What the float32 tape and the gain leave of a bypass, dB below full scale.
BYPASS_DBFS = -120.0


def mix(bus: BusSettings | None = None, lufs: float = -16.0) -> MixSettings:
    return MixSettings(bus=bus or BusSettings(), delivery=DeliverySettings(lufs))


def meter_lufs(audio: Signal, rate: int = RATE) -> float:
    return float(pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64)))


def dbfs(audio: np.ndarray) -> float:
    return float(20.0 * np.log10(np.abs(audio).max() + 1e-20))


def test_neutral_settings_are_a_gain_and_nothing_else() -> None:
    audio = beat(1, 8.0, rate=RATE)
    out, report = render(audio, RATE, mix(lufs=-22.0))
    assert report.max_limiting_db == 0.0
    assert dbfs(out - audio * 10.0 ** (report.gain_db / 20.0)) < BYPASS_DBFS


@pytest.mark.parametrize("bus", [BusSettings(), BUSY], ids=["neutral", "busy"])
@pytest.mark.parametrize("lufs", [-24.0, -14.0, -9.0])
@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (44_100, 1), (96_000, 2), (8000, 1)])
def test_loudness_and_ceiling_hold_by_other_meters(bus: BusSettings, lufs: float, rate: int, channels: int) -> None:
    audio = beat(2, 8.0, rate=rate, channels=channels)
    out, report = render(audio, rate, mix(bus, lufs))
    if report.is_limited_by_headroom:
        assert report.max_limiting_db == pytest.approx(6.0, abs=0.01)
        assert report.effective_lufs < lufs
    else:
        assert report.effective_lufs == pytest.approx(lufs, abs=0.05)
    assert meter_lufs(out, rate) == pytest.approx(report.effective_lufs, abs=0.05)
    assert true_peak_dbtp(out) <= -1.0
    # The report also counts the samples themselves, so it never reads less.
    assert report.true_peak_dbtp - 0.3 < true_peak_dbtp(out) < report.true_peak_dbtp + 0.005


def test_threads_and_memory_change_not_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    audio = beat(3, 14.0, rate=RATE)
    assert audio.shape[1] > 2 * BLOCK
    wanted, report = render(audio, RATE, mix(BUSY))
    serial, _ = render(audio, RATE, mix(BUSY), n_threads=1)
    np.testing.assert_array_equal(serial, wanted)
    monkeypatch.setattr("mixing.console.tape.MAX_IN_MEMORY", 0)
    parts: list[Signal] = []
    shares: list[float] = []
    streamed = render_stream(
        ArraySource(audio, RATE), mix(BUSY), lambda block: parts.append(block.copy()), progress=shares.append
    )
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), wanted)
    assert streamed == report
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_equalizer_is_heard_as_drawn() -> None:
    bus = replace(BusSettings(), low_shelf_db=5.0, mid_peak_db=-6.0, high_shelf_db=4.0)
    audio = pink_noise(4, 10.0, rate=RATE)
    out, report = render(audio, RATE, mix(bus, -20.0))
    freqs, before = scipy.signal.welch(audio[0], RATE, nperseg=8192)
    _, after = scipy.signal.welch(out[0], RATE, nperseg=8192)
    inside = (freqs > 40.0) & (freqs < 16_000.0)
    measured = 10.0 * np.log10(after[inside] / before[inside]) - report.gain_db
    np.testing.assert_allclose(measured, eq_response_db(bus, freqs[inside], RATE), atol=0.3)


@pytest.mark.parametrize("width_db", [-12.0, 6.0])
def test_width_moves_the_sides_and_leaves_the_middle(width_db: float) -> None:
    audio = pink_noise(5, 6.0, rate=RATE)
    out, report = render(audio, RATE, mix(BusSettings(width_db=width_db), -20.0))
    gain_lin = 10.0 ** (report.gain_db / 20.0)
    np.testing.assert_allclose(out[0] + out[1], gain_lin * (audio[0] + audio[1]), atol=1e-5)
    side = np.std(out[0] - out[1]) / np.std(audio[0] - audio[1]) / gain_lin
    assert 20.0 * math.log10(side) == pytest.approx(width_db, abs=0.05)


def test_bass_is_mono_below_the_cutoff() -> None:
    audio = sine(40.0, 6.0, rate=RATE, level_dbfs=-14.0) + sine(2000.0, 6.0, rate=RATE, level_dbfs=-20.0)
    audio[1] *= -1.0
    audio += pink_noise(6, 6.0, rate=RATE, rms_dbfs=-40.0)
    out, report = render(audio, RATE, mix(BusSettings(mono_below_hz=200.0), -20.0))
    side = (out[0] - out[1]) / 10.0 ** (report.gain_db / 20.0) / 2.0
    spectrum = np.abs(np.fft.rfft(side)) / side.size * 2.0
    at = [20.0 * math.log10(spectrum[round(hz * 6.0)]) for hz in (40.0, 2000.0)]
    assert at[0] < -14.0 - 26.0
    assert at[1] == pytest.approx(-20.0, abs=0.3)


def test_the_compressor_brings_loud_and_quiet_together_and_reports_it() -> None:
    audio = np.concatenate([sine(440.0, 4.0, rate=RATE, level_dbfs=dbfs) for dbfs in (-20.0, -14.0)], axis=1)
    bus = BusSettings(glue_threshold_db=-30.0, glue_ratio=4.0, glue_attack_ms=5.0)
    glued, report = render(audio, RATE, mix(bus, -24.0))
    quiet, loud = (20.0 * math.log10(np.std(glued[0, start * RATE : (start + 1) * RATE])) for start in (2, 6))
    assert loud - quiet == pytest.approx(6.0 / 4.0, abs=0.05)
    assert max(report.gain_reduction) - report.gain_reduction[50] == pytest.approx(6.0 * 0.75, abs=0.1)
    assert len(report.gain_reduction) <= 200
    assert render(audio, RATE, mix())[1].gain_reduction == [0.0] * 200


def test_drive_rounds_peaks_off_alike_on_loud_and_on_quiet_songs() -> None:
    audio = beat(8, 8.0, rate=RATE)
    bus = BusSettings(drive_db=9.0)
    loud, _ = render(audio, RATE, mix(bus, -24.0))
    quiet, _ = render(audio * np.float32(0.05), RATE, mix(bus, -24.0))
    plain, _ = render(audio, RATE, mix(lufs=-24.0))
    assert dbfs(loud) < dbfs(plain) - 0.5
    np.testing.assert_allclose(loud, quiet, atol=2e-4)


def test_a_rounding_of_peaks_needs_less_of_the_limiter() -> None:
    audio = beat(9, 8.0, rate=RATE)
    _, plain = render(audio, RATE, mix(lufs=-13.0))
    _, driven = render(audio, RATE, mix(BusSettings(drive_db=9.0), -13.0))
    assert driven.max_limiting_db < plain.max_limiting_db


NOISE = beat(10, 1.5, rate=16_000)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=len(BUS_VECTOR), max_size=len(BUS_VECTOR)))
def test_every_legal_setting_holds_the_ceiling(vector: list[float]) -> None:
    out, report = render(NOISE, 16_000, MixSettings.from_bus_vector(np.array(vector)), n_threads=1)
    assert np.isfinite(out).all()
    assert true_peak_dbtp(out) <= -1.0
    assert report.is_limited_by_headroom or report.effective_lufs == pytest.approx(report.requested_lufs, abs=0.1)


@pytest.mark.parametrize(
    ("audio", "code"),
    [
        (np.zeros((2, 40_000), dtype=np.float32), "silent"),
        (np.full((2, 40_000), np.nan, dtype=np.float32), "not_finite"),
        (np.zeros((2, 0), dtype=np.float32), "bad_channels"),
        (np.zeros((3, 40_000), dtype=np.float32), "bad_channels"),
    ],
)
def test_what_cannot_be_mixed_is_refused(audio: Signal, code: str) -> None:
    with pytest.raises(AudioError) as refusal:
        render(audio, RATE, mix())
    assert refusal.value.code == code


def test_one_value_that_is_no_number_is_found() -> None:
    audio = beat(11, 2.0, rate=RATE)
    audio[1, 70_000] = np.inf
    with pytest.raises(AudioError) as refusal:
        render(audio, RATE, mix())
    assert refusal.value.code == "not_finite"


def test_strips_have_no_place_on_a_single_file() -> None:
    with pytest.raises(SettingsError):
        render(beat(12, 1.0, rate=RATE), RATE, MixSettings(strips=(StripSettings(),)))


class Short(ArraySource):
    """Promises more than it has."""

    def blocks(self, n_frames: int = 65_536) -> Iterator[Signal]:
        yield from list(super().blocks(n_frames))[:-1]


def test_a_song_that_ends_early_is_refused() -> None:
    with pytest.raises(AudioError) as refusal:
        render_stream(Short(beat(13, 14.0, rate=RATE), RATE), mix(), lambda block: None)
    assert refusal.value.code == "truncated"


def test_the_shortest_sounds_are_mixed_too() -> None:
    click = np.full((2, 1), 0.5, dtype=np.float32)
    out, report = render(click, RATE, mix(lufs=-24.0))
    assert out.shape == (2, 1)
    assert isinstance(report, RenderReport)


@pytest.mark.parametrize("max_in_memory", [0.0, math.inf])
def test_a_tape_gives_back_what_was_left_on_it(max_in_memory: float) -> None:
    audio = pink_noise(14, 7.0, rate=RATE)
    with Tape(2, audio.shape[1], max_in_memory=max_in_memory) as tape:
        start = 0
        for block in tape.blank():
            block[...] = audio[:, start : start + block.shape[1]]
            start += block.shape[1]
        for block in tape.recorded():
            block *= np.float32(0.5)
        for block in tape.recorded(keep=False):
            block *= np.float32(8.0) if max_in_memory == 0.0 else np.float32(1.0)
        found = np.concatenate([block.copy() for block in tape.recorded()], axis=1)
    np.testing.assert_array_equal(found, audio * np.float32(0.5))
