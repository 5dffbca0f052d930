"""What engineers check first: filters against their formula, hard material under the ceiling, clean ends, DC."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.console.biquads import response_db, strip_bands
from mixing.console.channel import Channel
from mixing.console.renderer import render, render_stems
from mixing.console.spec import STRIP, BusSettings, DeliverySettings, MixSettings, ReverbSettings, StripSettings
from tests.annex_2 import true_peak_dbtp
from tests.signals import Signal, beat, pink_noise, sine

RATE = 44_100
# Of the digital transfer function; what is left is the impulse response's cut-off tail and float32.
EQ_DB = 0.05
BUSY = BusSettings(
    low_shelf_db=4.0, high_peak_db=-3.0, high_shelf_db=3.0, glue_threshold_db=-8.0, glue_ratio=3.0, drive_db=8.0,
    width_db=2.0, mono_below_hz=100.0,
)  # fmt: skip
TONE = [p for p in STRIP if p.group == "tone"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=len(TONE), max_size=len(TONE)), st.sampled_from([22_050, 44_100, 96_000]))
def test_the_equalizer_is_its_transfer_function(positions: list[float], rate: int) -> None:
    strip = StripSettings(**{p.name: p.from_normalized(x) for p, x in zip(TONE, positions, strict=True)})
    sections = strip_bands(strip, rate)
    impulse = np.zeros(4 * rate, dtype=np.float32)
    impulse[0] = 1.0
    channel = Channel(impulse.size, rate)
    channel.equalize(impulse, 0, sections)
    freqs = np.fft.rfftfreq(impulse.size, 1.0 / rate).astype(np.float64)
    inside = (freqs > 20.0) & (freqs < min(18_000.0, 0.4 * rate))
    measured = 20.0 * np.log10(np.abs(np.fft.rfft(impulse.astype(np.float64)))[inside] + 1e-12)
    wanted = response_db(sections, freqs[inside], rate)
    audible = wanted > -60.0
    np.testing.assert_allclose(measured[audible], wanted[audible], atol=EQ_DB)


def square(hz: float) -> Signal:
    t = np.arange(4 * RATE) / RATE
    return np.tile(np.where((t * hz) % 1.0 < 0.5, 0.99, -0.99), (2, 1)).astype(np.float32)


def inter_sample() -> Signal:
    """A quarter of the rate, sampled between its crests: samples read 3 dB less than the wave."""
    n = np.arange(4 * RATE)
    return np.tile(0.99 * np.sin(np.pi / 2.0 * n + np.pi / 4.0), (2, 1)).astype(np.float32)


def noise() -> Signal:
    return np.random.default_rng(1).uniform(-1.0, 1.0, (2, 4 * RATE)).astype(np.float32)


@pytest.mark.parametrize("bus", [BusSettings(), BUSY], ids=["neutral", "busy"])
@pytest.mark.parametrize(
    "audio",
    [square(100.0), square(997.0), square(5000.0), inter_sample(), noise()],
    ids=["square 100", "square 997", "square 5000", "inter-sample", "noise"],
)
def test_no_material_passes_the_ceiling(audio: Signal, bus: BusSettings) -> None:
    out, report = render(audio, RATE, MixSettings(bus, DeliverySettings(-7.0)))
    assert true_peak_dbtp(out) <= -1.0
    assert np.isfinite(out).all()
    assert report.max_limiting_db <= 6.0 + 1e-3


def test_nothing_clicks_where_blocks_meet_or_the_song_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tape", "strip", "renderer"):
        monkeypatch.setattr(f"mixing.console.{module}.BLOCK", 4096)
    tone = sine(200.0, 3.0, rate=RATE, level_dbfs=-12.0)
    strip = StripSettings(low_peak_db=4.0, threshold_db=-6.0, ratio=3.0, drive_db=4.0, send_db=-20.0)
    settings_ = MixSettings(BUSY, DeliverySettings(-20.0), ReverbSettings(level_db=-10.0), (strip, strip))
    parts: list[Signal] = []
    sources = [ArraySource(tone, RATE), ArraySource(tone[:1], RATE)]
    render_stems(sources, settings_, lambda block: parts.append(block.copy()))
    out = np.concatenate(parts, axis=1)[:, RATE // 2 :]
    # A click is a jump in the second difference far beyond what the tone and its overtones have.
    bend = np.abs(np.diff(out, 2, axis=1)).max(axis=0)
    assert bend.max() < 6.0 * np.median(bend)


def test_direct_current_does_not_build_up() -> None:
    audio = beat(1, 4.0, rate=RATE) + np.float32(0.2)
    out, _ = render(audio, RATE, MixSettings(BUSY, DeliverySettings(-16.0)))
    assert np.abs(out.mean(axis=1)).max() < 0.5
    parts: list[Signal] = []
    high_passed = StripSettings(high_pass_hz=40.0)
    sources = [ArraySource(audio, RATE), ArraySource(audio[:1], RATE)]
    render_stems(sources, MixSettings(strips=(high_passed, high_passed)), lambda block: parts.append(block.copy()))
    assert np.abs(np.concatenate(parts, axis=1)[:, RATE:].mean(axis=1)).max() < 1e-3


def test_a_fade_into_denormals_is_as_fast_as_music() -> None:
    audio = pink_noise(2, 4.0, rate=RATE) * np.geomspace(1.0, 1e-40, 4 * RATE)
    out, _ = render(audio.astype(np.float32), RATE, MixSettings(replace(BUSY, drive_db=2.0), DeliverySettings(-20.0)))
    assert np.isfinite(out).all()
    assert np.abs(out[:, -100:]).max() < 1e-20
