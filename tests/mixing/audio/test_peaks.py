"""Waveform peaks: every sample lies between the two lines, however the blocks are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.decode import ArraySource
from mixing.audio.peaks import waveform_peaks
from tests.signals import beat


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 150_000), st.integers(1, 1500), st.integers(0, 3))
def test_peaks_are_those_of_each_stretch(n_frames: int, n_points: int, seed: int) -> None:
    audio = np.random.default_rng(seed).uniform(-1.2, 1.2, (2, n_frames)).astype(np.float32)
    lows, highs = waveform_peaks(ArraySource(audio, 8000), n_points)
    assert lows.shape == highs.shape == (n_points,)
    mid = np.clip(audio.mean(axis=0), -1.0, 1.0)
    point = np.arange(n_frames) * n_points // n_frames
    assert (highs[point] >= np.floor(127 * mid)).all()
    assert (lows[point] <= np.ceil(127 * mid)).all()
    loudest = int(np.argmax(mid))
    assert highs[point[loudest]] == round(127 * max(float(mid[loudest]), 0.0))


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_flat_and_music_is_not(channels: int) -> None:
    silence = waveform_peaks(ArraySource(np.zeros((channels, 9000), dtype=np.float32), 8000), 100)
    assert not silence.any()
    lows, highs = waveform_peaks(ArraySource(beat(1, 5.0, rate=8000, channels=channels), 8000), 100)
    assert (highs > 0).all()
    assert (lows < 0).all()
