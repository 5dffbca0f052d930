"""Towards a reference: a mix's bus set so that tone, width and loudness come near those of another recording.

Only measurements of the reference are used, never its sound. The five bands keep their places; their gains are fitted
to the difference of the long-term third octaves, which smooths it to what five bands can do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import BAND_FLOOR_DB, MID_BANDS, STAT, THIRD_OCTAVES_HZ, SongFeatures, StemFeatures
from mixing.console.eq_curve import eq_response_db
from mixing.console.spec import BUS, DELIVERY, BusSettings, DeliverySettings, MixSettings

GAINS = ("low_shelf_db", "low_peak_db", "mid_peak_db", "high_peak_db", "high_shelf_db")
# A reference bends a mix by at most this much in a band: what is missing more is missing from the recording.
MAX_MOVE_DB = 6.0
MAX_WIDTH_DB = 4.0
# The fit prefers small gains: this much difference, dB, is worth one decibel of gain.
RELUCTANCE = 0.1
# Bands this far above the measurements' floor are music.
AUDIBLE_DB = BAND_FLOOR_DB + 25.0
_RANGES = {p.name: (p.low, p.high) for p in BUS + DELIVERY}


def matched(settings: MixSettings, song: SongFeatures, reference: StemFeatures) -> MixSettings:
    """Settings whose mix bus leads towards a reference.

    Args:
        settings: that would be used without it.
        song: what they are for.
        reference: measurements of another recording.
    """
    rate, bus = song.sample_rate, settings.bus
    freqs = np.minimum(THIRD_OCTAVES_HZ, 0.49 * rate)
    now_db = song.whole.stats[MID_BANDS] + eq_response_db(bus, freqs, rate)
    wanted_db = reference.stats[MID_BANDS]
    weights = ((now_db > AUDIBLE_DB) & (wanted_db > AUDIBLE_DB) & (freqs < 0.45 * rate)).astype(np.float64)
    moves = _fit(wanted_db - now_db, _shapes(bus, freqs, rate), weights)
    gains = {
        name: _within(name, getattr(bus, name) + float(np.clip(move, -MAX_MOVE_DB, MAX_MOVE_DB)))
        for name, move in zip(GAINS, moves, strict=True)
    }
    return replace(
        settings,
        bus=replace(bus, **gains, width_db=_width(settings, song, reference)),
        delivery=DeliverySettings(_within("loudness_lufs", float(reference.stats[STAT["loudness_lufs"]]))),
    )


def _shapes(bus: BusSettings, freqs: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """What one decibel more of each band does, (28, 5) dB."""
    flat = replace(bus, **dict.fromkeys(GAINS, 0.0))
    return np.stack([eq_response_db(replace(flat, **{name: 1.0}), freqs, rate) for name in GAINS], axis=1)


def _fit(
    difference_db: NDArray[np.float64], shapes: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least squares with a penalty on gains; a gain of everything is free, since loudness is set anyway."""
    columns = np.concatenate([shapes, np.ones((len(shapes), 1))], axis=1) * weights[:, None]
    ridge = RELUCTANCE * np.sqrt(len(shapes)) * np.eye(columns.shape[1])[:-1]
    answer, *_ = np.linalg.lstsq(
        np.concatenate([columns, ridge]), np.concatenate([difference_db * weights, np.zeros(len(ridge))]), rcond=None
    )
    return np.asarray(answer[:-1])


def _width(settings: MixSettings, song: SongFeatures, reference: StemFeatures) -> float:
    own = song.whole.stats
    if own[STAT["is_mono"]] > 0.5 or reference.stats[STAT["is_mono"]] > 0.5:
        return settings.bus.width_db
    move = float(reference.stats[STAT["side_mid_db"]] - own[STAT["side_mid_db"]]) - settings.bus.width_db
    return _within("width_db", settings.bus.width_db + float(np.clip(move, -MAX_WIDTH_DB, MAX_WIDTH_DB)))


def _within(name: str, value: float) -> float:
    low, high = _RANGES[name]
    return min(max(value, low), high)
