"""What is measured of a cut: its spectrum, its outline, and the parts that one may want to hear again."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.highlight import find_refrains
from tests.signals import beat, pink_noise, sine
from tests.tournaments.sound import music
from tournaments.selectors.comparisons import CENTERS_HZ
from tournaments.services.measures import CHORUS, LOUDEST, N_PEAKS, find_stretches, measure_cut

RATE = 22_050


def test_a_tone_stands_in_its_third_octave_at_its_power() -> None:
    bands = measure_cut(sine(1000.0, 4.0, rate=RATE, level_dbfs=-6.0), RATE)["third_octaves_db"]
    assert len(bands) == len(CENTERS_HZ)
    assert CENTERS_HZ[int(np.argmax(bands))] == pytest.approx(1000.0)
    assert max(bands) == pytest.approx(-9.0, abs=0.1)


def test_a_change_of_level_is_the_same_change_in_every_band_and_in_the_outline() -> None:
    noise = pink_noise(1, 6.0, rate=RATE)
    loud, quiet = (measure_cut(gain * noise, RATE) for gain in (np.float32(2.0), np.float32(1.0)))
    difference = np.subtract(loud["third_octaves_db"], quiet["third_octaves_db"])[np.array(CENTERS_HZ) < 0.45 * RATE]
    np.testing.assert_allclose(difference, 20.0 * np.log10(2.0), atol=0.02)
    peaks = np.array(loud["peaks"]), np.array(quiet["peaks"])
    assert peaks[0].shape == (2, N_PEAKS)
    np.testing.assert_allclose(peaks[0], 2 * peaks[1], atol=2)


def test_the_loudest_stretch_is_where_the_power_is() -> None:
    cut = np.full((2, 25 * RATE), 0.01, dtype=np.float32) * music(25.0)
    cut[:, 8 * RATE : 23 * RATE] *= 10.0
    assert find_stretches(cut, RATE, start_s=40.0, chorus=(44.0, 54.5)) == {LOUDEST: [8.0, 23.0], CHORUS: [4.0, 14.5]}
    assert find_stretches(cut[:, : 16 * RATE], RATE, start_s=0.0, chorus=None) == {}


def test_a_refrain_is_found_where_it_comes_back_and_nowhere_else() -> None:
    """Verse, chorus, verse, chorus: the verses are quiet and never the same, the chorus is."""
    chorus = music(10.0, seed=1)
    parts = [music(10.0, seed=2) * 0.3, chorus, pink_noise(3, 10.0, rate=RATE) * 0.3, chorus]
    song = np.concatenate(parts, axis=1).astype(np.float32)
    found, short = find_refrains(song, RATE, [(2.0, 24.0), (0.0, 4.0)])
    assert found is not None
    assert found[0] == pytest.approx(10.0, abs=2.0)
    assert found[1] == pytest.approx(20.0, abs=2.0)
    assert short is None
    # A decibel more makes no chorus.
    alike = beat(4, 40.0, rate=RATE)
    alike[:, 12 * RATE : 24 * RATE] *= 1.12
    assert find_refrains(alike, RATE, [(0.0, 40.0), (5.0, 30.0)]) == [None, None]
