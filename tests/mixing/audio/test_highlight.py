"""The part that a listener would choose: loud, full, heard before, and from its beginning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.highlight import MAX_S, MIN_S, find_highlight
from mixing.errors import AudioError
from tests.signals import Signal, beat

RATE = 11_025


def song(*levels_db: float, part_s: float = 24.0) -> Signal:
    """Parts of equal length; a loud part also has more highs and lows than a quiet one."""
    parts = []
    for i, level_db in enumerate(levels_db):
        part = beat(1 if level_db > -6.0 else 2 + i % 2, part_s, rate=RATE) * np.float32(10.0 ** (level_db / 20.0))
        parts.append(part)
    return np.concatenate(parts, axis=1)


def test_the_chorus_is_chosen_from_its_beginning() -> None:
    found = find_highlight(song(-14.0, 0.0, -14.0, 0.0, -14.0), RATE)
    assert min(abs(found.start_s - 24.0), abs(found.start_s - 72.0)) <= 4.0
    assert MIN_S <= found.end_s - found.start_s <= MAX_S


def test_a_quiet_beginning_and_end_are_left_out() -> None:
    found = find_highlight(song(-30.0, -2.0, -30.0, part_s=30.0), RATE)
    assert found.start_s >= 26.0
    assert found.end_s <= 64.0


@pytest.mark.parametrize("duration_s", [5.0, 12.0, 20.0])
def test_a_short_song_is_its_own_highlight(duration_s: float) -> None:
    found = find_highlight(beat(5, duration_s, rate=RATE), RATE)
    assert found.start_s == 0.0
    assert found.end_s == pytest.approx(duration_s)


@settings(max_examples=15, deadline=None)
@given(st.floats(20.01, 90.0), st.integers(0, 5))
def test_it_lies_within_the_song_and_has_a_listenable_length(duration_s: float, seed: int) -> None:
    found = find_highlight(beat(seed, duration_s, rate=4000), 4000)
    assert 0.0 <= found.start_s < found.end_s <= duration_s + 1e-6
    assert MIN_S - 1e-6 <= found.end_s - found.start_s <= MAX_S + 1e-6


def test_the_same_song_has_the_same_highlight() -> None:
    audio = beat(6, 60.0, rate=RATE)
    assert find_highlight(audio, RATE) == find_highlight(audio.copy(), RATE)


def test_silence_and_a_very_long_song_are_no_trouble() -> None:
    assert find_highlight(np.zeros((1, 60 * 1000), dtype=np.float32), 1000).start_s >= 0.0
    long = np.tile(beat(7, 30.0, rate=1000)[:1], (1, 80))
    found = find_highlight(long, 1000)
    assert MIN_S - 2.0 <= found.end_s - found.start_s <= MAX_S + 1e-6


def test_nothing_has_no_highlight() -> None:
    with pytest.raises(AudioError):
        find_highlight(np.zeros((2, 0), dtype=np.float32), RATE)
