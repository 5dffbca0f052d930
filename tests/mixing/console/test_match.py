"""A reference draws tone, width and loudness nearer, within bounds, and is never heard itself."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.features import MID_BANDS, STAT, SongFeatures, StemFeatures, extract_features
from mixing.console.match import MAX_MOVE_DB, matched
from mixing.console.renderer import render
from mixing.console.spec import BusSettings, DeliverySettings, MixSettings
from tests.mixing.console.test_album import tilted
from tests.signals import Signal, beat

RATE = 44_100


def heard(audio: Signal) -> SongFeatures:
    return extract_features([audio], RATE, content_hash="x")


def tone_error(audio: Signal, reference: StemFeatures) -> float:
    difference = heard(audio).whole.stats[MID_BANDS] - reference.stats[MID_BANDS]
    inside = slice(3, 26)
    return float(np.std(difference[inside]))


@pytest.mark.parametrize("slope", [-2.0, 1.5])
def test_a_mix_comes_nearer_to_its_reference(slope: float) -> None:
    song, reference = tilted(1, 0.0), tilted(2, slope)
    features, target = heard(song), heard(reference * np.float32(0.8)).whole
    found = matched(MixSettings(BusSettings(mid_peak_db=1.0)), features, target)
    out, report = render(song, RATE, found)
    assert tone_error(out, target) < 0.55 * tone_error(song, target)
    assert found.delivery.loudness_lufs == pytest.approx(float(target.stats[STAT["loudness_lufs"]]), abs=0.01)
    assert report.requested_lufs == found.delivery.loudness_lufs


def test_a_song_that_is_its_reference_is_left_alone() -> None:
    song = beat(3, 6.0, rate=RATE)
    features = heard(song)
    found = matched(MixSettings(), features, features.whole)
    for name, value in found.bus.__dict__.items():
        assert value == pytest.approx(getattr(BusSettings(), name), abs=0.05)


def test_width_follows_and_bounds_hold() -> None:
    song = beat(4, 6.0, rate=RATE)
    middle, side = song.mean(axis=0), 0.5 * (song[0] - song[1])
    narrow = np.stack([middle + 0.3 * side, middle - 0.3 * side])
    found = matched(MixSettings(), heard(song), heard(narrow).whole)
    assert found.bus.width_db == pytest.approx(-4.0)
    far = matched(MixSettings(delivery=DeliverySettings(-20.0)), heard(tilted(5, -8.0)), heard(tilted(6, 8.0)).whole)
    assert max(abs(far.bus.low_shelf_db), abs(far.bus.high_shelf_db)) <= MAX_MOVE_DB
    mono = np.stack([middle, middle])
    assert matched(MixSettings(), heard(mono), heard(song).whole).bus.width_db == 0.0
