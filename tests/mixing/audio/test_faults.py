"""Faults are found where they are, and not where music only looks like them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.faults import find_faults
from mixing.audio.stem_relations import find_relations
from tests.signals import Signal, beat, pink_noise, sine

RATE = 44_100


def codes(audio: Signal, rate: int = RATE) -> set[str]:
    return {fault.code for fault in find_faults(audio, rate)}


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
def test_clean_music_has_none(rate: int) -> None:
    assert codes(beat(1, 6.0, rate=rate), rate) == set()
    noise = pink_noise(2, 6.0, rate=rate)
    assert codes(noise - noise.mean(axis=1, keepdims=True), rate) == set()
    assert codes(sine(997.0, 3.0, rate=rate) * np.array([[1.0], [0.8]], dtype=np.float32), rate) == set()


@pytest.mark.parametrize("ceiling", [1.0, 0.5])
def test_clipping_is_found_at_any_ceiling(ceiling: float) -> None:
    audio = np.clip(beat(1, 6.0, rate=RATE) * 6.0, -1.0, 1.0) * np.float32(ceiling)
    (fault,) = [fault for fault in find_faults(audio, RATE) if fault.code == "clipping"]
    assert "the first at 0:00" in fault.message
    assert f"{20 * np.log10(ceiling):.1f} dBFS" in fault.message


def test_direct_current() -> None:
    assert "dc_offset" in codes(beat(1, 3.0, rate=RATE) + np.float32(0.05))


@pytest.mark.parametrize("base_hz", [50.0, 60.0])
def test_hum_is_found_and_a_bass_is_none(base_hz: float) -> None:
    t = np.arange(12 * RATE) / RATE
    hum = sum(0.003 / k * np.sin(2 * np.pi * k * base_hz * t) for k in (1, 2, 3, 4))
    audio = pink_noise(3, 12.0, rate=RATE, rms_dbfs=-30.0) * (0.02 + (np.floor(t) % 2))
    assert "hum" in codes((audio + hum).astype(np.float32))
    bass = 0.2 * np.sin(2 * np.pi * 55.0 * t) + 0.1 * np.sin(2 * np.pi * 110.0 * t)
    assert "hum" not in codes((audio + bass).astype(np.float32))


def test_sides() -> None:
    audio = beat(4, 4.0, rate=RATE)
    dead = audio * np.array([[1.0], [0.001]], dtype=np.float32)
    assert codes(dead) == {"dead_channel"}
    assert "right" in find_faults(dead, RATE)[0].message
    assert codes(np.stack([audio[0], -audio[0]])) == {"inverted_polarity"}
    assert codes(np.stack([audio[0], audio[0]])) == {"mono_as_stereo"}


@pytest.mark.parametrize("n", [0, 1, 500])
def test_silence_and_scraps_are_survived(n: int) -> None:
    assert codes(np.zeros((2, n), dtype=np.float32)) == set()
    assert isinstance(codes(np.full((2, n), 0.5, dtype=np.float32)), set)


def relations(*stems: Signal) -> list[tuple[str, str]]:
    found = find_relations(stems, [f"stem {i}" for i in range(len(stems))], RATE)
    return [(fault.code, fault.message) for fault in found]


def test_stems_that_play_together_share_nothing() -> None:
    t = np.arange(8 * RATE) / RATE
    bass = (np.sin(2 * np.pi * 110.0 * t) * np.exp(-6.0 * (t % 0.5)))[None].astype(np.float32)
    assert relations(beat(1, 8.0, rate=RATE), bass, pink_noise(2, 8.0, rate=RATE)) == []
    assert relations(np.zeros((1, 8 * RATE), dtype=np.float32), bass) == []


@settings(max_examples=15, deadline=None)
@given(st.floats(0.5, 45.0), st.booleans(), st.floats(0.2, 2.0))
def test_a_late_microphone_is_found(offset_ms: float, is_first_late: bool, gain: float) -> None:
    source = pink_noise(5, 8.0, rate=RATE, channels=1)
    room = 0.3 * pink_noise(6, 8.0, rate=RATE, channels=1)
    n = round(1e-3 * offset_ms * RATE)
    late = np.concatenate([np.zeros((1, n), dtype=np.float32), source[:, : source.shape[1] - n]], axis=1)
    far = (gain * (late + room)).astype(np.float32)
    pair = (far, source) if is_first_late else (source, far)
    ((code, message),) = relations(*pair)
    assert code == "stem_offset"
    found_ms = float(message.split(" ms")[0].split()[-1])
    assert found_ms == pytest.approx(offset_ms, abs=0.15)
    assert message.startswith("stem 0 comes" if is_first_late else "stem 1 comes")


def test_polarity_and_doubles() -> None:
    source = beat(7, 8.0, rate=RATE)
    other = pink_noise(8, 8.0, rate=RATE, rms_dbfs=-40.0)
    assert [code for code, _ in relations(source, -source + 0.1 * other)] == ["stem_polarity"]
    assert [code for code, _ in relations(source, source * np.float32(0.5))] == ["stem_duplicate"]
