"""Stems through their strips to a mix: what neutral, every parameter, pan and threads do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.console.parameter import Parameter
from mixing.console.renderer import RenderReport, render, render_stems
from mixing.console.spec import (
    BUS,
    REVERB,
    STRIP,
    BusSettings,
    DeliverySettings,
    MixSettings,
    ReverbSettings,
    StripSettings,
)
from mixing.console.strip import ProcessedStem, pan_gains
from mixing.console.tape import BLOCK
from mixing.errors import AudioError, SettingsError
from tests.annex_2 import true_peak_dbtp
from tests.signals import Signal, beat, pink_noise, sine

RATE = 44_100
# What the float32 tape and the gains leave of a bypass, dB below full scale.
BYPASS_DBFS = -120.0
BUSY = StripSettings(
    high_pass_hz=60.0, low_shelf_db=-2.0, low_peak_db=3.0, high_peak_db=-3.0, high_shelf_db=4.0, threshold_db=-6.0,
    ratio=3.0, makeup_db=2.0, drive_db=6.0, fader_db=-3.0, pan=0.3, send_db=-12.0,
)  # fmt: skip
HALL = ReverbSettings(decay_s=1.5, level_db=-6.0)


def mixed(
    stems: list[Signal], given: MixSettings, *, rate: int = RATE, n_threads: int = 2
) -> tuple[Signal, RenderReport]:
    parts: list[Signal] = []
    report = render_stems(
        [ArraySource(stem, rate) for stem in stems],
        given,
        lambda block: parts.append(block.copy()),
        n_threads=n_threads,
    )
    return np.concatenate(parts, axis=1), report


def quiet(*strips: StripSettings, reverb: ReverbSettings | None = None, bus: BusSettings | None = None) -> MixSettings:
    return MixSettings(
        bus=bus or BusSettings(), delivery=DeliverySettings(-24.0), reverb=reverb or ReverbSettings(), strips=strips
    )


def level_db(x: np.ndarray) -> float:
    return float(20.0 * np.log10(np.std(x) + 1e-12))


def test_neutral_strips_give_the_rough_mix() -> None:
    stems = [beat(1, 4.0, rate=RATE), pink_noise(2, 4.0, rate=RATE, channels=1), beat(3, 4.0, rate=RATE, channels=1)]
    out, report = mixed(stems, quiet(*[StripSettings()] * 3))
    rough = stems[0] + stems[1] + stems[2]
    assert report.max_limiting_db == 0.0
    error = out - rough * 10.0 ** (report.gain_db / 20.0)
    assert 20.0 * math.log10(np.abs(error).max() + 1e-12) < BYPASS_DBFS


def test_threads_and_memory_change_not_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    stems = [beat(seed, 7.0, rate=RATE, channels=1 + seed % 2) for seed in range(5)]
    assert stems[0].shape[1] > BLOCK
    given = quiet(*[replace(BUSY, fader_db=-float(i)) for i in range(5)], reverb=HALL, bus=BusSettings(drive_db=3.0))
    wanted, report = mixed(stems, given)
    serial, _ = mixed(stems, given, n_threads=1)
    np.testing.assert_array_equal(serial, wanted)
    monkeypatch.setattr("mixing.console.tape.MAX_IN_MEMORY", 0)
    on_disk, other = mixed(stems, given, n_threads=3)
    np.testing.assert_array_equal(on_disk, wanted)
    assert other == report
    assert [strip.is_silent for strip in report.strips] == [False] * 5


def test_the_size_of_blocks_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    stems = [beat(1, 3.0, rate=RATE), beat(2, 3.0, rate=RATE, channels=1)]
    given = quiet(BUSY, BUSY, reverb=HALL, bus=BusSettings(drive_db=6.0, glue_threshold_db=-6.0, glue_ratio=3.0))
    wanted, _ = mixed(stems, given)
    for size in (4096, 32_768):
        for module in ("tape", "strip", "renderer"):
            monkeypatch.setattr(f"mixing.console.{module}.BLOCK", size)
        assert 20.0 * math.log10(np.abs(mixed(stems, given)[0] - wanted).max() + 1e-12) < BYPASS_DBFS


@pytest.mark.parametrize("pan", [-1.0, -0.5, 0.0, 0.25, 1.0])
def test_mono_is_panned_with_constant_power(pan: float) -> None:
    left, right = pan_gains(StripSettings(pan=pan), 1)
    assert left**2 + right**2 == pytest.approx(2.0)
    assert (left < right) == (pan > 0.0) or left == pytest.approx(right)
    assert pan_gains(StripSettings(), 1) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize("pan", [-1.0, -0.3, 0.0, 0.6, 1.0])
def test_of_stereo_only_the_far_side_is_lowered(pan: float) -> None:
    left, right = pan_gains(StripSettings(pan=pan), 2)
    assert max(left, right) == 1.0
    assert min(left, right) == pytest.approx(math.cos(abs(pan) * math.pi / 2.0))


def test_the_fader_moves_a_stem_by_its_decibels() -> None:
    low, high = sine(200.0, 6.0, rate=RATE, level_dbfs=-20.0), sine(4000.0, 6.0, rate=RATE, level_dbfs=-20.0)
    plain, _ = mixed([low, high], quiet(StripSettings(), StripSettings()))
    moved, _ = mixed([low, high], quiet(StripSettings(fader_db=-9.0), StripSettings()))

    def balance(audio: Signal) -> float:
        spectrum = np.abs(np.fft.rfft(audio[0]))
        return float(20.0 * math.log10(spectrum[200 * 6] / spectrum[4000 * 6]))

    assert balance(moved) - balance(plain) == pytest.approx(-9.0, abs=0.02)


CHANGED = {
    "high_pass_hz": 300.0, "low_shelf_db": 6.0, "low_peak_db": -6.0, "high_peak_db": 6.0, "high_shelf_db": -6.0,
    "threshold_db": -20.0, "ratio": 6.0, "attack_ms": 60.0, "release_ms": 800.0, "makeup_db": 6.0, "drive_db": 12.0,
    "fader_db": -6.0, "pan": 0.7, "send_db": -6.0, "low_shelf_hz": 200.0, "low_peak_hz": 700.0, "low_peak_q": 4.0,
    "high_peak_hz": 8000.0, "high_peak_q": 4.0, "high_shelf_hz": 14_000.0,
}  # fmt: skip
# Every parameter moves the stem by at least this much, rms against the stem's: far more than rounding.
AUDIBLE_DB = -40.0


@pytest.mark.parametrize("parameter", STRIP, ids=lambda p: p.name)
def test_every_parameter_of_a_strip_is_heard(parameter: Parameter) -> None:
    base = replace(BUSY, send_db=-20.0)
    stems = [beat(5, 3.0, rate=RATE), pink_noise(6, 3.0, rate=RATE, rms_dbfs=-30.0)]
    before, _ = mixed(stems, quiet(base, StripSettings(), reverb=HALL))
    after, _ = mixed(
        stems, quiet(replace(base, **{parameter.name: CHANGED[parameter.name]}), StripSettings(), reverb=HALL)
    )
    assert level_db(after - before) - level_db(before) > AUDIBLE_DB


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("decay_s", 4.0), ("predelay_ms", 70.0), ("damping_hz", 1500.0), ("level_db", -math.inf)],
)
def test_every_parameter_of_the_reverb_is_heard(parameter: str, value: float) -> None:
    assert {p.name for p in REVERB} == {"decay_s", "predelay_ms", "damping_hz", "level_db"}
    stems = [beat(5, 3.0, rate=RATE), pink_noise(6, 3.0, rate=RATE, rms_dbfs=-30.0)]
    before, _ = mixed(stems, quiet(BUSY, StripSettings(), reverb=HALL))
    after, _ = mixed(stems, quiet(BUSY, StripSettings(), reverb=replace(HALL, **{parameter: value})))
    assert level_db(after - before) - level_db(before) > AUDIBLE_DB


BUS_BASE = BusSettings(
    low_shelf_db=3.0, low_peak_db=3.0, mid_peak_db=3.0, high_peak_db=3.0, high_shelf_db=3.0, glue_threshold_db=-8.0,
    glue_ratio=3.0, drive_db=4.0, width_db=-2.0, mono_below_hz=60.0,
)  # fmt: skip
BUS_CHANGED = {
    "low_shelf_hz": 220.0, "low_shelf_db": -3.0, "low_peak_hz": 450.0, "low_peak_db": -3.0, "low_peak_q": 4.0,
    "mid_peak_hz": 1900.0, "mid_peak_db": -3.0, "mid_peak_q": 4.0, "high_peak_hz": 7000.0, "high_peak_db": -3.0,
    "high_peak_q": 4.0, "high_shelf_hz": 15_000.0, "high_shelf_db": -3.0, "glue_threshold_db": -20.0,
    "glue_ratio": 8.0, "glue_attack_ms": 1.0, "glue_release_ms": 900.0, "glue_makeup_db": 6.0, "drive_db": 14.0,
    "width_db": 5.0, "mono_below_hz": 250.0,
}  # fmt: skip


@pytest.mark.parametrize("parameter", BUS, ids=lambda p: p.name)
def test_every_parameter_of_the_bus_is_heard(parameter: Parameter) -> None:
    audio = beat(7, 3.0, rate=RATE) + pink_noise(8, 3.0, rate=RATE, rms_dbfs=-26.0)
    given = MixSettings(bus=BUS_BASE, delivery=DeliverySettings(-24.0))
    other = replace(given, bus=replace(BUS_BASE, **{parameter.name: BUS_CHANGED[parameter.name]}))
    before, report = render(audio, RATE, given)
    after, other_report = render(audio, RATE, other)
    if parameter.name == "glue_makeup_db":
        # A gain before a loudness target is heard only in how far the gain behind it had to go.
        assert other_report.gain_db == pytest.approx(report.gain_db - 6.0, abs=0.7)
        return
    assert level_db(after - before) - level_db(before) > AUDIBLE_DB


def test_a_silent_stem_is_kept_and_reported() -> None:
    stems = [beat(9, 3.0, rate=RATE), np.zeros((1, 3 * RATE), dtype=np.float32)]
    out, report = mixed(stems, quiet(StripSettings(), BUSY, reverb=HALL))
    assert [strip.is_silent for strip in report.strips] == [False, True]
    assert report.strips[1].input_lufs is None
    alone, _ = mixed([stems[0], stems[1]], quiet(StripSettings(), StripSettings()))
    np.testing.assert_allclose(out, alone, atol=1e-6)


def test_levels_that_settings_refer_to_follow_the_stem() -> None:
    stem = beat(10, 3.0, rate=RATE)
    with (
        ProcessedStem(ArraySource(stem, RATE), BUSY) as loud,
        ProcessedStem(ArraySource(stem * np.float32(0.1), RATE), BUSY) as soft,
    ):
        np.testing.assert_allclose(loud.tape.audio, 10.0 * soft.tape.audio, atol=1e-4)
        assert loud.report.input_lufs == pytest.approx((soft.report.input_lufs or 0.0) + 20.0, abs=0.01)


def test_dual_mono_stays_dual_mono_without_reverb() -> None:
    mono = beat(12, 3.0, rate=RATE, channels=1)
    stems = [np.repeat(mono, 2, axis=0), beat(13, 3.0, rate=RATE, channels=1)]
    strip = replace(BUSY, pan=0.0, send_db=-math.inf)
    out, _ = mixed(stems, quiet(strip, strip, bus=replace(BUS_BASE, width_db=6.0)))
    np.testing.assert_allclose(out[0], out[1], atol=1e-6)


def test_two_stems_without_strips_or_lengths_that_differ_are_refused() -> None:
    stems = [ArraySource(beat(1, 1.0, rate=RATE), RATE), ArraySource(beat(2, 1.0, rate=RATE), RATE)]
    with pytest.raises(SettingsError):
        render_stems(stems, MixSettings(), lambda block: None)
    short = [stems[0], ArraySource(beat(2, 0.5, rate=RATE), RATE)]
    with pytest.raises(AudioError) as refusal:
        render_stems(short, quiet(BUSY, BUSY), lambda block: None)
    assert refusal.value.code == "not_aligned"
    with pytest.raises(AudioError) as refusal:
        render_stems(stems * 17, quiet(*[BUSY] * 34), lambda block: None)
    assert refusal.value.code == "too_many_stems"


def test_thirty_two_stems_are_mixed() -> None:
    stems = [beat(seed, 1.0, rate=8000, channels=1) for seed in range(32)]
    out, report = mixed(stems, quiet(*[BUSY] * 32, reverb=HALL), rate=8000)
    assert out.shape == (2, 8000)
    assert len(report.strips) == 32


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=len(STRIP), max_size=len(STRIP)), st.sampled_from([8000, 44_100]))
def test_every_legal_strip_gives_a_deliverable_mix(positions: list[float], rate: int) -> None:
    values = {p.name: p.from_normalized(x) for p, x in zip(STRIP, positions, strict=True)}
    stems = [beat(1, 1.5, rate=rate), pink_noise(2, 1.5, rate=rate, channels=1)]
    given = MixSettings(delivery=DeliverySettings(-9.0), reverb=HALL, strips=(StripSettings(**values), StripSettings()))
    out, report = mixed(stems, given, rate=rate)
    assert np.isfinite(out).all()
    assert true_peak_dbtp(out) <= -1.0
    assert report.is_limited_by_headroom or report.effective_lufs == pytest.approx(-9.0, abs=0.1)
