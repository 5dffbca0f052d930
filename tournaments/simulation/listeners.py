"""Simulated listeners: each has an ideal of every song, and prefers the mix that comes nearer to it, mostly.

An ideal is the undamaged song plus an offset that listeners of one genre share and one of their own: tone, width and
spread of levels. How often a listener prefers the nearer mix follows from how much nearer it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import N_BANDS
from mixing.training.effects import peak_db, shelf_db
from mixing.training.probe import MAX_WIDTH_DIFFERENCE_DB, SPREAD_WEIGHT, WIDTH_WEIGHT

Array = NDArray[np.float64]
N_GENRES = 4
# Standard deviations of what a genre's listeners want of every song: shelves, a peak, width (dB); log of the spread.
TONE_DB, PEAK_DB, WIDTH_DB, SPREAD_LOG = 2.5, 1.5, 2.0, 0.15
# What a single one wants beside, as a share of that.
PERSONAL = 0.5
AGREEMENT = 0.75
RANDOM_SHARE = 0.05
# Of votes between mixes that come equally near.
TIE_SHARE = 0.3


class Taste(NamedTuple):
    """Offsets from the undamaged song: third octaves (28,) dB, side over mid dB, factor on the spread of levels."""

    tone_db: Array
    width_db: float
    spread_factor: float


@dataclass(frozen=True)
class Listener:
    """Somebody with a home genre and a taste; a random one votes without listening."""

    key: int
    genre: int
    taste: Taste
    is_random: bool


class Heard(NamedTuple):
    """What mixes of songs sound like: third octaves (songs, 28), width (songs, 3), spread (songs,); dB."""

    mid_db: Array
    width_db: Array
    spread_db: Array


class Opinion(NamedTuple):
    """A vote: a choice as the arena's ratings name it, and a confidence of 0 to 100 %."""

    choice: str
    confidence: int


def draw_genres(rng: np.random.Generator) -> list[Taste]:
    """What the listeners of each genre share."""
    return [_taste(rng, 1.0) for _ in range(N_GENRES)]


def draw_listeners(genres: Sequence[Taste], n: int, rng: np.random.Generator, *, first_key: int = 0) -> list[Listener]:
    """n listeners, as many in each genre."""
    listeners = []
    for i in range(n):
        shared, own = genres[i % len(genres)], _taste(rng, PERSONAL)
        taste = Taste(
            shared.tone_db + own.tone_db,
            shared.width_db + own.width_db,
            shared.spread_factor * own.spread_factor,
        )
        listeners.append(Listener(first_key + i, i % len(genres), taste, bool(rng.random() < RANDOM_SHARE)))
    return listeners


def distances(heard: Heard, clean: Heard, weights: Array, taste: Taste) -> Array:
    """How far mixes are from what a taste wants of their songs, (songs,) dB; made like MixBench's distance.

    Args:
        clean: the undamaged songs.
        weights: how much each third octave counts, (songs, 28).
    """
    off = heard.mid_db - clean.mid_db - taste.tone_db
    off = off - (off * weights).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
    tone = (np.square(off) * weights).sum(1) / weights.sum(1)
    width = np.clip(heard.width_db - clean.width_db - taste.width_db, -MAX_WIDTH_DIFFERENCE_DB, MAX_WIDTH_DIFFERENCE_DB)
    spread = heard.spread_db - clean.spread_db * taste.spread_factor
    return np.asarray(np.sqrt(tone + np.square(WIDTH_WEIGHT * width).mean(1) + np.square(SPREAD_WEIGHT * spread)))


def scale_for_agreement(gaps: Array) -> float:
    """The scale at which a listener prefers the nearer mix in AGREEMENT of all votes, ties aside.

    Args:
        gaps: differences of distances of typical pairs, dB.
    """
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = math.sqrt(low * high)
        if float(np.mean(_sigmoid(np.abs(gaps) / middle))) > AGREEMENT:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def judge(
    first: float, second: float, listener: Listener, scale: float, rng: np.random.Generator, *, is_coin: bool = False
) -> Opinion:
    """A vote between two mixes at some distances from the listener's ideal.

    Args:
        is_coin: the choice is drawn without listening, whoever votes; its confidence is drawn as it would have been.
    """
    gap = second - first
    if rng.random() < TIE_SHARE * math.exp(-abs(gap) / scale):
        return Opinion("tie", 0)
    sure = 2.0 * float(_sigmoid(np.array(abs(gap) / scale))) - 1.0
    confidence = round(100.0 * min(max(sure + 0.15 * rng.standard_normal(), 0.06), 1.0))
    chance = 0.5 if is_coin or listener.is_random else float(_sigmoid(np.array(gap / scale)))
    return Opinion("first" if rng.random() < chance else "second", confidence)


def _taste(rng: np.random.Generator, share: float) -> Taste:
    low, high, middle = share * rng.standard_normal(3) * (TONE_DB, TONE_DB, PEAK_DB)
    center = 400.0 * 5.0 ** rng.random()

    def of(value: float) -> torch.Tensor:
        return torch.tensor([value])

    curve = shelf_db(of(110.0), of(low), is_high=False) + shelf_db(of(6000.0), of(high), is_high=True)
    curve = curve + peak_db(of(center), of(middle), of(0.7))
    assert curve.shape == (1, N_BANDS)  # noqa: S101 - the closed forms' default frequencies
    return Taste(
        curve[0].numpy().astype(np.float64),
        float(share * WIDTH_DB * rng.standard_normal()),
        float(np.exp(share * SPREAD_LOG * rng.standard_normal())),
    )


def _sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))
