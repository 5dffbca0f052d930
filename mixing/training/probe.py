"""Questions to ask a mixer about fixed sets of songs: does it repair, does it keep still, does it listen?

Everything works on normalized settings and measurements, so that an offspring can be judged before it is a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.console.spec import NEUTRAL_BUS_VECTOR
from mixing.mixers.base import Mixer
from mixing.training.effects import Outcome, apply_settings, audible, tone_difference_db
from mixing.training.losses import Target, band_weights

Array = NDArray[np.float32]
# How much a dB of each kind counts in the distance between two mixes: tone, width of a region, spread of levels.
WIDTH_WEIGHT, SPREAD_WEIGHT = 0.3, 0.5
# Wider than this the ear hears no more difference.
MAX_WIDTH_DIFFERENCE_DB = 15.0
N_BOOTSTRAP = 2000


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Rounded, for tables and records."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def answers(mixer: Mixer, log_mel: Array, stats: Array, *, batch: int = 32) -> Array:
    """A mixer's normalized settings for many songs, (songs, len(BUS_VECTOR)).

    Args:
        log_mel: (songs, crops, 2, 64, 128). stats: (songs, N_STATS).
    """
    results = []
    with torch.no_grad():
        for start in range(0, len(stats), batch):
            rows = slice(start, start + batch)
            songs = torch.from_numpy(np.asarray(log_mel[rows], np.float32)), torch.from_numpy(stats[rows])
            results.append(mixer.network(*songs).numpy())
    return np.concatenate(results).astype(np.float32)


def neutral_answers(n_songs: int) -> Array:
    """What doing nothing answers."""
    return np.tile(NEUTRAL_BUS_VECTOR, (n_songs, 1))


def outcome(vectors: Array, stats: Array) -> Outcome:
    """`apply_settings` on arrays."""
    with torch.no_grad():
        return apply_settings(torch.from_numpy(vectors), torch.from_numpy(stats))


def distance_db(a: Outcome, b: Outcome) -> Array:
    """How differently two mixes of the same songs sound, (songs,) dB, blind to overall gain.

    Root of the mean squared differences: third octaves of the mid that are audible in either, width of the regions,
    spread of levels. A fixed equalizer on both sides cancels.
    """
    weights = torch.maximum(audible(a.mid_db), audible(b.mid_db))
    tone = tone_difference_db(a.mid_db, b.mid_db, weights)
    tone_square = (tone.square() * weights).sum(1) / (weights.sum(1) + 1e-6)
    width = (a.width_db - b.width_db).clamp(-MAX_WIDTH_DIFFERENCE_DB, MAX_WIDTH_DIFFERENCE_DB)
    spread = a.spread_db - b.spread_db
    total = tone_square + (WIDTH_WEIGHT * width).square().mean(1) + (SPREAD_WEIGHT * spread).square()
    return np.asarray(torch.sqrt(total).numpy(), dtype=np.float32)


def target_distance_db(
    mid_db: torch.Tensor, width_db: torch.Tensor, spread_db: torch.Tensor, stats: torch.Tensor, target: Target
) -> tuple[torch.Tensor, torch.Tensor]:
    """Distance of mixes from a style's target, total and of the tone alone, each (songs,) dB; made like `distance_db`.

    Args:
        mid_db, width_db, spread_db: of the mixes, as in Outcome.
        stats: measurements of the songs as they were heard, (songs, N_STATS).
    """
    weights = band_weights(target.mid_db, stats)
    tone = tone_difference_db(mid_db, target.mid_db, weights)
    tone_square = (tone.square() * weights).sum(1) / weights.sum(1)
    width = (width_db - target.width_db).clamp(-MAX_WIDTH_DIFFERENCE_DB, MAX_WIDTH_DIFFERENCE_DB)
    total = tone_square + (WIDTH_WEIGHT * width).square().mean(1)
    total = total + (SPREAD_WEIGHT * (spread_db - target.spread_db)).square()
    return torch.sqrt(total), torch.sqrt(tone_square)


def repair_distances(clean: Array, degraded: Array, clean_stats: Array, degraded_stats: Array) -> tuple[Array, Array]:
    """Distances between clean and degraded twins after mixing and before, each (songs,) dB.

    Args:
        clean, degraded: a mixer's answers to both twins.
    """
    n_songs = len(clean_stats)
    neutral = neutral_answers(n_songs)
    before = distance_db(outcome(neutral, clean_stats), outcome(neutral, degraded_stats))
    after = distance_db(outcome(clean, clean_stats), outcome(degraded, degraded_stats))
    return after, before


def repair_ratio(
    clean: Array, degraded: Array, clean_stats: Array, degraded_stats: Array, *, groups: Sequence[str] | None = None
) -> Interval:
    """d(M(degraded), M(clean)) / d(degraded, clean) over a set: below 1 the mixer brings twins together.

    Args:
        groups: source work of each song; the interval draws works, or songs where this is None.
    """
    after, before = repair_distances(clean, degraded, clean_stats, degraded_stats)
    return bootstrap(lambda rows: float(after[rows].mean() / before[rows].mean()), len(after), groups=groups)


def clean_movement_db(vectors: Array, stats: Array) -> Array:
    """How far a mixer moves songs that need nothing, (songs,) dB: `distance_db` from the song as it was."""
    return distance_db(outcome(vectors, stats), outcome(neutral_answers(len(stats)), stats))


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float],
    n_songs: int,
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    n_rounds: int = N_BOOTSTRAP,
) -> Interval:
    """A statistic of song indices with its percentile interval, drawing whole groups with replacement."""
    labels = list(groups) if groups is not None else [str(i) for i in range(n_songs)]
    members: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    rows = [np.array(indices) for indices in members.values()]
    flat = np.concatenate(rows)
    rng = np.random.default_rng(seed)

    def drawn() -> NDArray[np.int64]:
        groups_drawn = rng.integers(0, len(rows), len(rows))
        # Songs that are groups of their own need not be put together one by one.
        return flat[groups_drawn] if len(rows) == n_songs else np.concatenate([rows[i] for i in groups_drawn])

    values = [statistic(drawn()) for _ in range(n_rounds)]
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(statistic(np.arange(n_songs)), float(low), float(high))
