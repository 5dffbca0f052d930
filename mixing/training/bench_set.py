"""The held-out songs of MixBench with their damaged twins, and how far mixes of them are from a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, SIDE_BANDS, StemFeatures
from mixing.errors import AudioError
from mixing.training import feature_sets
from mixing.training.degrade import degrade
from mixing.training.effects import power_shifts_db, region_width_db
from mixing.training.losses import Target, style_loss
from mixing.training.probe import Interval, bootstrap, neutral_answers, outcome, target_distance_db

Array = NDArray[np.float32]
BENCH_SEED = 7_411


@dataclass(frozen=True)
class BenchSet:
    """Held-out songs.

    Attributes:
        log_mel, stats: the originals, (songs, crops, 2, 64, 128) and (songs, N_STATS).
        degraded_log_mel, degraded_stats: their damaged twins.
        excerpt_log_mel, excerpt_stats: parts of each original, (songs, excerpts, crops, 2, 64, 128) and
            (songs, excerpts, N_STATS).
        genres, works, ids: one a song.
        source: where they come from, in words.
    """

    log_mel: Array
    stats: Array
    degraded_log_mel: Array
    degraded_stats: Array
    excerpt_log_mel: Array
    excerpt_stats: Array
    genres: tuple[str, ...]
    works: tuple[str, ...]
    ids: tuple[str, ...]
    source: str


def bench_from_features(
    songs: Sequence[tuple[StemFeatures, Sequence[StemFeatures]]],
    genres: Sequence[str],
    works: Sequence[str],
    ids: Sequence[str],
    *,
    source: str,
) -> BenchSet:
    """Stack songs with their excerpts, and damage a twin of each by the bench's seed."""
    log_mel = np.stack([song.log_mel for song, _ in songs]).astype(np.float32)
    stats = np.stack([song.stats for song, _ in songs])
    twins = degrade(
        torch.from_numpy(log_mel),
        torch.from_numpy(stats),
        torch.Generator().manual_seed(BENCH_SEED),
        untouched_share=0.0,
    )
    return BenchSet(
        log_mel=log_mel,
        stats=stats,
        degraded_log_mel=twins.log_mel.numpy(),
        degraded_stats=twins.stats.numpy(),
        excerpt_log_mel=np.stack([np.stack([part.log_mel for part in parts]) for _, parts in songs]).astype(np.float32),
        excerpt_stats=np.stack([np.stack([part.stats for part in parts]) for _, parts in songs]),
        genres=tuple(genres),
        works=tuple(works),
        ids=tuple(ids),
        source=source,
    )


def bench_from_sets() -> BenchSet:
    """The shipped gate songs, for machines without a corpus; an excerpt is one of a song's crops."""
    gate = feature_sets.load("gate")
    if gate.degraded_log_mel is None or gate.degraded_stats is None:
        raise AudioError("The gate set lacks its degraded twins. Restore mixing/data.", code="corrupt")
    n_crops = gate.log_mel.shape[1]
    return BenchSet(
        log_mel=gate.log_mel,
        stats=gate.stats,
        degraded_log_mel=gate.degraded_log_mel,
        degraded_stats=gate.degraded_stats,
        excerpt_log_mel=gate.log_mel[:, :, None],
        excerpt_stats=np.repeat(gate.stats[:, None], n_crops, axis=1),
        genres=gate.genres,
        works=gate.ids,
        ids=gate.ids,
        source="shipped gate songs",
    )


def original_target(bench: BenchSet) -> Target:
    """The song as it was: no wishes but its own tone, width and spread."""
    clean = torch.from_numpy(bench.stats)
    out = outcome(neutral_answers(len(bench.stats)), bench.stats)
    zero = torch.zeros(len(clean))
    return Target(
        mid_db=clean[:, MID_BANDS],
        width_db=out.width_db,
        spread_db=out.spread_db,
        loudness_lufs=zero,
        drive_db=zero,
        mono_below_hz=zero,
        limiting_budget_db=0.0,
        max_gain_db=0.0,
        movement_weight=0.0,
        attack_ms=1.0,
        release_ms=1.0,
    )


def distance_db(vectors: Array, stats: Array, target: Target) -> tuple[Array, Array]:
    """Total and tone distance from a target, each (songs,) dB."""
    out, heard = outcome(vectors, stats), torch.from_numpy(stats)
    total, tone = target_distance_db(out.mid_db, out.width_db, out.spread_db, heard, target)
    return total.numpy(), tone.numpy()


def curve_distance_db(curve: Array, stats: torch.Tensor, target: Target) -> tuple[Array, Array]:
    """The same for an ideal third-octave equalizer that does nothing else. `curve`: (songs, 28) dB."""
    mid, side = stats[:, MID_BANDS], stats[:, SIDE_BANDS]
    new_mid, new_side = mid + torch.from_numpy(curve), side + torch.from_numpy(curve)
    k_shift, _ = power_shifts_db(mid, side, new_mid, new_side)
    out = outcome(neutral_answers(len(stats)), stats.numpy())
    width_db = region_width_db(new_mid, new_side)
    total, tone = target_distance_db(new_mid - k_shift[:, None], width_db, out.spread_db, stats, target)
    return total.numpy(), tone.numpy()


def style_losses(vectors: Array, stats: torch.Tensor, target: Target) -> Array:
    """What training would say of settings, (songs,)."""
    with torch.no_grad():
        return np.asarray(style_loss(torch.from_numpy(vectors), stats, target)[0].numpy())


def rise(worse: Array, losses: Array, bench: BenchSet) -> Interval:
    """By what share a loss is above another one, song by song."""
    return bootstrap(
        lambda rows: float(worse[rows].mean() / losses[rows].mean() - 1.0), len(losses), groups=bench.works
    )


def derangements(n: int, count: int) -> list[NDArray[np.int64]]:
    """Orders that give every song another song's place, seeded."""
    rng = np.random.default_rng(BENCH_SEED)
    base = rng.permutation(n)
    return [_rolled(base, 1 + i % (n - 1)) for i in range(count)]


def mean(values: Array, bench: BenchSet) -> Interval:
    """Over the songs, (songs,), with a bootstrap over their works."""
    return bootstrap(lambda rows: float(values[rows].mean()), len(values), groups=bench.works)


def _rolled(base: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    order = np.empty_like(base)
    order[base] = np.roll(base, shift)
    return order
