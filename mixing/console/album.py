"""Songs that belong together: one loudness, and tones that do not jump from song to song.

Each song keeps its own mix. Only its two shelves move, most of the way from where its bass and treble would lie to the
album's middle, so that a dark ballad stays darker than a bright opener, but not by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, THIRD_OCTAVES_HZ, SongFeatures
from mixing.console.eq_curve import eq_response_db
from mixing.console.spec import BUS, DELIVERY, DeliverySettings, MixSettings

LOW_HZ, MIDDLE_HZ, HIGH_HZ = (40.0, 160.0), (315.0, 2000.0), (5000.0, 12_500.0)
SHARE = 0.8
MAX_MOVE_DB = 2.0
# An album is as loud as its quietest song can be, to this.
TOLERANCE_LU = 0.1
_RANGES = {p.name: (p.low, p.high) for p in BUS}
_QUIETEST_LUFS = DELIVERY[0].low


def consistent(settings: Sequence[MixSettings], features: Sequence[SongFeatures]) -> list[MixSettings]:
    """Settings of an album's songs, brought together.

    Args:
        settings: what a mixer chose for each song.
        features: of the same songs.
    Returns: the same with shelves moved by at most MAX_MOVE_DB, and the median of all requested loudnesses.
    """
    tones = np.array([_tone(chosen, song) for chosen, song in zip(settings, features, strict=True)])
    moves = np.clip(SHARE * (np.median(tones, axis=0) - tones), -MAX_MOVE_DB, MAX_MOVE_DB)
    loudness_lufs = float(np.median([chosen.delivery.loudness_lufs for chosen in settings]))
    return [
        replace(
            chosen,
            bus=replace(
                chosen.bus,
                low_shelf_db=_within("low_shelf_db", chosen.bus.low_shelf_db + float(low)),
                high_shelf_db=_within("high_shelf_db", chosen.bus.high_shelf_db + float(high)),
            ),
            delivery=DeliverySettings(loudness_lufs),
        )
        for chosen, (low, high) in zip(settings, moves, strict=True)
    ]


def lowered(settings: MixSettings, reached_lufs: float, lowest_lufs: float) -> MixSettings | None:
    """Settings that bring a song down to the quietest of its album; None where it is no louder than that."""
    if reached_lufs <= lowest_lufs + TOLERANCE_LU:
        return None
    return replace(settings, delivery=DeliverySettings(max(_QUIETEST_LUFS, lowest_lufs)))


def _tone(settings: MixSettings, song: SongFeatures) -> tuple[float, float]:
    """Bass and treble against the middle as they will be, dB."""
    curve = song.whole.stats[MID_BANDS] + eq_response_db(
        settings.bus, np.minimum(THIRD_OCTAVES_HZ, 0.49 * song.sample_rate), song.sample_rate
    )
    middle = _mean(curve, MIDDLE_HZ)
    return _mean(curve, LOW_HZ) - middle, _mean(curve, HIGH_HZ) - middle


def _mean(curve: NDArray[np.float64], band_hz: tuple[float, float]) -> float:
    return float(np.mean(curve[(band_hz[0] <= THIRD_OCTAVES_HZ) & (band_hz[1] >= THIRD_OCTAVES_HZ)]))


def _within(name: str, value: float) -> float:
    low, high = _RANGES[name]
    return min(max(value, low), high)
