"""Cases that users of mixing and mastering software report: each of them is a song that must come out right."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from mixing.audio.decode import ArraySource, load, open_source, validate
from mixing.audio.encode import write_audio
from mixing.console.renderer import render, render_stems, render_stream
from mixing.console.spec import BusSettings, DeliverySettings, MixSettings, StripSettings
from mixing.errors import AudioError
from tests.annex_2 import true_peak_dbtp
from tests.signals import Signal, beat, pink_noise, sine

RATE = 44_100
BUS = BusSettings(low_shelf_db=2.0, high_shelf_db=2.0, glue_threshold_db=-6.0, glue_ratio=2.0, drive_db=4.0)


def mix(lufs: float = -16.0, bus: BusSettings = BUS) -> MixSettings:
    return MixSettings(bus, DeliverySettings(lufs))


def lufs(audio: Signal, rate: int = RATE) -> float:
    return float(pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio.T.astype(np.float64)))


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 32_000, 48_000, 88_200, 96_000, 192_000])
def test_a_rate_comes_back_as_it_was_sent(tmp_path: Path, rate: int) -> None:
    audio = beat(1, 6.0, rate=rate)
    soundfile.write(tmp_path / "in.wav", audio.T, rate, subtype="PCM_24")
    source = open_source(tmp_path / "in.wav")
    parts: list[Signal] = []
    render_stream(source, mix(), lambda block: parts.append(block.copy()))
    write_audio(tmp_path / "out.wav", parts, source.sample_rate, source.channels, "wav24", seed=0)
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.samplerate, info.frames) == (rate, 6 * rate)
    found, _ = load(tmp_path / "out.wav")
    assert lufs(found, rate) == pytest.approx(-16.0, abs=0.1)
    assert true_peak_dbtp(found) <= -1.0


def test_a_float_file_above_full_scale_is_counted_and_mixed(tmp_path: Path) -> None:
    audio = beat(2, 6.0, rate=RATE) * 8.0
    soundfile.write(tmp_path / "hot.wav", audio.T, RATE, subtype="FLOAT")
    check = validate(tmp_path / "hot.wav")
    assert check.n_over_full_scale == int(np.count_nonzero(np.abs(audio) > 1.0)) > 0
    out, _ = render(load(tmp_path / "hot.wav")[0], RATE, mix())
    assert true_peak_dbtp(out) <= -1.0


def test_integers_saved_as_floats_are_mixed_like_the_same_song() -> None:
    audio = beat(3, 6.0, rate=RATE)
    huge, _ = render(audio * np.float32(32_767.0), RATE, mix())
    plain, _ = render(audio, RATE, mix())
    np.testing.assert_allclose(huge, plain, atol=2e-3)


def test_one_hit_in_silence_keeps_its_place_and_the_ceiling() -> None:
    audio = np.zeros((2, 20 * RATE), dtype=np.float32)
    hit = beat(4, 1.0, rate=RATE)
    audio[:, 10 * RATE : 11 * RATE] = hit
    out, _ = render(audio, RATE, mix())
    assert true_peak_dbtp(out) <= -1.0
    loud = np.flatnonzero(np.abs(out[0]) > 0.05 * np.abs(out[0]).max())
    assert 10 * RATE <= loud[0] < 10.1 * RATE
    assert np.abs(out[:, : 9 * RATE]).max() < 1e-6


def test_a_minute_of_silence_before_the_song_does_not_count() -> None:
    song = beat(5, 12.0, rate=22_050)
    late = np.concatenate([np.zeros((2, 60 * 22_050), dtype=np.float32), song], axis=1)
    out, report = render(late, 22_050, mix())
    assert report.effective_lufs == pytest.approx(-16.0, abs=0.1)
    assert lufs(out, 22_050) == pytest.approx(-16.0, abs=0.1)


def test_loudness_before_is_measured_before_anything_is_done() -> None:
    audio = beat(6, 8.0, rate=RATE)
    _, report = render(audio, RATE, mix(bus=BusSettings()))
    assert report.input_lufs == pytest.approx(lufs(audio), abs=0.05)


@pytest.mark.parametrize("kind", ["one side inverted", "dual mono", "left is minus right"])
def test_the_mono_sum_loses_no_more_than_it_had_lost(kind: str) -> None:
    music = beat(7, 8.0, rate=RATE)
    audio = {
        "one side inverted": np.stack([music[0], -0.7 * music[1]]),
        "dual mono": np.stack([music[0], music[0]]),
        "left is minus right": np.stack([music[0], -music[0]]),
    }[kind].astype(np.float32)
    out, _ = render(audio, RATE, mix())

    def mono_db(sound: Signal) -> float:
        return 20.0 * math.log10((np.std(sound.mean(axis=0)) + 1e-9) / np.std(sound))

    assert mono_db(out) > mono_db(audio) - 1.0
    if kind == "dual mono":
        np.testing.assert_array_equal(out[0], out[1])


def test_a_silent_stem_of_five_changes_nothing() -> None:
    stems = [beat(i, 4.0, rate=RATE, channels=1) for i in range(4)]

    def mixed(sounds: list[Signal]) -> Signal:
        parts: list[Signal] = []
        settings = MixSettings(
            BUS, DeliverySettings(-20.0), strips=(StripSettings(ratio=2.0, threshold_db=0.0),) * len(sounds)
        )
        render_stems([ArraySource(s, RATE) for s in sounds], settings, lambda block: parts.append(block.copy()))
        return np.concatenate(parts, axis=1)

    silent = np.zeros_like(stems[0])
    np.testing.assert_allclose(mixed([*stems[:2], silent, *stems[2:]]), mixed(stems), atol=1e-6)


def test_a_quiet_piano_is_raised_no_further_than_its_attacks_allow() -> None:
    t = np.arange(12 * RATE) / RATE
    piano = 0.03 * np.sin(2 * np.pi * 330.0 * t) * np.exp(-2.0 * (t % 2.0)) + 1e-5 * np.random.default_rng(
        0
    ).standard_normal(t.size)
    audio = np.tile(piano, (2, 1)).astype(np.float32)
    _, report = render(audio, RATE, mix(-9.0, BusSettings()))
    assert report.max_limiting_db <= 6.0 + 1e-3
    assert report.effective_lufs <= -9.0 + 0.1


def test_the_gain_does_not_fade_in() -> None:
    audio = sine(440.0, 8.0, rate=RATE, level_dbfs=-20.0)
    out, _ = render(audio, RATE, mix(-18.0, BusSettings()))
    first, later = (np.std(out[0, start : start + RATE // 10]) for start in (0, 4 * RATE))
    assert 20.0 * math.log10(first / later) == pytest.approx(0.0, abs=0.1)


def test_noise_alone_and_silence_alone() -> None:
    out, _ = render(pink_noise(8, 4.0, rate=RATE), RATE, mix())
    assert true_peak_dbtp(out) <= -1.0
    with pytest.raises(AudioError) as refusal:
        render(np.zeros((2, 4 * RATE), dtype=np.float32), RATE, mix())
    assert refusal.value.code == "silent"
