"""Stems of different rates and lengths on one clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.audio.alignment import AlignedSource, Alignment, align
from mixing.audio.decode import ArraySource, AudioInfo
from tests.signals import pink_noise, sine


def info(rate: int, n_frames: int) -> AudioInfo:
    return AudioInfo(Path("x"), "WAV", "PCM_16", rate, 2, n_frames, n_frames / rate)


def read(source: AlignedSource, n_frames: int = 65_536) -> np.ndarray:
    blocks = list(source.blocks(n_frames))
    assert all(block.shape[1] == n_frames for block in blocks[:-1])
    return np.concatenate(blocks, axis=1)


def test_the_commonest_rate_and_the_longest_stem_decide() -> None:
    infos = [info(44_100, 1000), info(44_100, 500), info(48_000, 4800)]
    assert align(infos) == Alignment(44_100, 4410)
    assert align([info(44_100, 441), info(48_000, 480)]).sample_rate == 48_000
    assert align([info(8000, 77)]) == Alignment(8000, 77)


def test_what_fits_is_not_touched() -> None:
    audio = pink_noise(1, 1.0)
    np.testing.assert_array_equal(read(AlignedSource(ArraySource(audio, 48_000), Alignment(48_000, 48_000))), audio)


def test_what_is_short_is_followed_by_silence() -> None:
    audio = pink_noise(1, 1.0)
    found = read(AlignedSource(ArraySource(audio, 48_000), Alignment(48_000, 150_000)))
    np.testing.assert_array_equal(found[:, :48_000], audio)
    assert (found[:, 48_000:] == 0.0).all()


@pytest.mark.parametrize("from_rate", [8000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("to_rate", [44_100, 48_000])
def test_time_zero_stays_time_zero(from_rate: int, to_rate: int) -> None:
    audio = sine(1000.0, 1.0, rate=from_rate)
    n = to_rate
    found = read(AlignedSource(ArraySource(audio, from_rate), Alignment(to_rate, n)))
    wanted = sine(1000.0, 1.0, rate=to_rate)
    inside = slice(n // 10, -n // 10)
    np.testing.assert_allclose(found[:, inside], wanted[:, inside], atol=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 3000), st.sampled_from([8000, 44_100, 48_000]))
def test_the_size_of_blocks_does_not_matter(n_block: int, n_frames: int, rate: int) -> None:
    audio = np.random.default_rng(n_frames).uniform(-1, 1, (1, n_frames)).astype(np.float32)
    source = AlignedSource(ArraySource(audio, rate), Alignment(44_100, 4000))
    found = read(source, n_block)
    assert found.shape == (1, 4000)
    np.testing.assert_array_equal(found, read(source))
