"""A song is listened to in two places that have as little in common as its length allows."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.decode import ArraySource
from tests.tournaments.sound import music
from tournaments.services.regions import find_regions, overview


def regions(duration_s: float) -> tuple[tuple[float, float], tuple[float, float]]:
    found = find_regions(ArraySource(music(duration_s), 22_050))
    return found.highlight, found.excerpt


@pytest.mark.parametrize("duration_s", [42.0, 64.0, 150.0])
def test_a_long_song_has_two_places_that_share_nothing(duration_s: float) -> None:
    highlight, excerpt = regions(duration_s)
    assert excerpt[1] <= highlight[0] or highlight[1] <= excerpt[0]
    assert min(excerpt[1] - excerpt[0], highlight[1] - highlight[0]) >= 5.0


@pytest.mark.parametrize("duration_s", [5.0, 8.0, 12.0, 20.0, 24.0, 31.0])
def test_a_short_song_has_two_places_that_differ(duration_s: float) -> None:
    highlight, excerpt = regions(duration_s)
    for start_s, end_s in (highlight, excerpt):
        assert start_s >= 0.0
        assert end_s <= duration_s + 1e-6
        assert end_s - start_s >= 5.0 - 1e-6
    if duration_s > 5.0:
        assert highlight != excerpt


def test_an_overview_keeps_time_and_level_across_blocks() -> None:
    audio = np.repeat(np.arange(1000, dtype=np.float32), 4)[None]
    seen, rate = overview(ArraySource(audio, 88_200))
    assert rate == 22_050
    np.testing.assert_allclose(seen[0], np.arange(1000))
