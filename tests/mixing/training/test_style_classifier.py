"""Styles are named by what they change: found where they differ, a guess where they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixing.training.style_classifier import classify, recognize_styles
from tests.mixing.breeding.champions import weights_of
from tests.signals import beat, pink_noise

RATE = 44_100
SLUGS = ("one", "two", "three")


def changes(apart: float, n_songs: int = 60) -> np.ndarray:
    """Of three mixers, each of which does something of its own beside what the song asks for."""
    rng = np.random.default_rng(1)
    own = apart * rng.standard_normal((3, 30))
    return own + rng.standard_normal((n_songs, 1, 30)) + 0.5 * rng.standard_normal((n_songs, 3, 30))


def works(n_songs: int = 60) -> list[str]:
    return [f"album {i // 3}" for i in range(n_songs)]


def test_mixers_that_differ_are_named_and_those_that_do_not_are_guessed() -> None:
    clear = classify(changes(1.0), SLUGS, works())
    assert clear.accuracy.value > 0.95
    assert np.trace(np.array(clear.confusion)) == pytest.approx(3 * clear.accuracy.value)
    blind = classify(changes(0.0), SLUGS, works())
    assert blind.accuracy.value == pytest.approx(1 / 3, abs=0.12)
    np.testing.assert_allclose(np.array(blind.confusion).sum(axis=1), 1.0)


def test_a_song_is_never_judged_by_what_was_learned_from_its_own_work() -> None:
    # What tells the mixers apart in one work means the opposite in all others.
    heard = changes(1.0, 40)
    heard[20:] = -heard[20:]
    assert classify(heard, SLUGS, ["a"] * 20 + ["b"] * 20).accuracy.value < 0.2


def test_real_mixes_are_listened_to(tmp_path: Path) -> None:
    paths = []
    for seed in range(3):
        audio = 0.6 * pink_noise(seed, 8.0, rate=RATE) + 0.4 * beat(seed, 8.0, rate=RATE)
        paths.append(tmp_path / f"{seed}.wav")
        soundfile.write(paths[-1], audio.T, RATE, subtype="FLOAT")
    slugs = ("baseline-beast", "enhanced-enforcer", "veteran-virtuoso")
    songs: list[None] = []
    found = recognize_styles(
        {slug: weights_of(slug) for slug in slugs},
        paths,
        ["a", "b", "c"],
        on_song=lambda: songs.append(None),
        n_workers=1,
    )
    assert (found.slugs, len(songs)) == (slugs, 3)
    assert found.accuracy.value >= 2 / 3
