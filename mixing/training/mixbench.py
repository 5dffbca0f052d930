"""MixBench: does a mixer repair songs that it has never seen, does it listen to them, and what is its style?

Every held-out song is damaged once, by a fixed seed. A mixer hears the damaged twin; its mix is compared with the
original and with the mixer's own written style target. Beside it stand doing nothing, the mean of its own settings,
and the simple
rule: equalize every song to the corpus' mean curve. In the comparison with the style target every baseline is given the
style's tone offset for free. Intervals are 95 % bootstrap over source works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS
from mixing.console.spec import BUS_VECTOR
from mixing.errors import MixerFileError
from mixing.mixers.base import Mixer
from mixing.mixers.card import read_card
from mixing.mixers.zoo import load_mixer
from mixing.training.bench_set import (
    Array,
    BenchSet,
    bench_from_features,
    bench_from_sets,
    curve_distance_db,
    derangements,
    distance_db,
    mean,
    original_target,
    rise,
    style_losses,
)
from mixing.training.losses import Target
from mixing.training.probe import (
    Interval,
    answers,
    clean_movement_db,
    neutral_answers,
    outcome,
    repair_ratio,
)
from mixing.training.styles import BOSS, STYLES, Reference, Style, offset_db, targets
from mixing.training.ten_targets import ten_target_errors

__all__ = [
    "MAX_CLEAN_MOVEMENT_DB",
    "MAX_REPAIR_RATIO",
    "MIN_SPREAD",
    "MIN_SPREAD_PARAMETERS",
    "BenchReport",
    "BenchSet",
    "MixerResult",
    "bench_from_features",
    "bench_from_sets",
    "intraclass_correlation",
    "load_contestants",
    "run_bench",
]

# The simple rule may turn each third octave this far.
RULE_MAX_DB = 9.0
# What a mixer must show, or it is a preset: see docs/training.md.
MIN_SHUFFLE_RISE, MIN_ICC = 0.25, 0.30
MIN_SPREAD, MIN_SPREAD_PARAMETERS = 0.03, 8
# Few songs may really be alike: with fewer than this one parameter that reacts is enough.
MIN_VARIED_SONGS = 20
MAX_REPAIR_RATIO, MAX_CLEAN_MOVEMENT_DB = 1.0, 4.0
N_SHUFFLES = 5


@dataclass(frozen=True)
class MixerResult:
    """One mixer on MixBench; see docs/training.md for what each number means."""

    slug: str
    original_db: Interval
    tone_db: Interval
    style_db: Interval
    style_nothing_db: Interval
    style_rule_db: Interval
    style_mean_db: Interval
    repair: Interval
    clean_movement_db: Interval
    degraded_movement_db: Interval
    ten_targets: Interval
    ten_targets_nothing: Interval
    ten_targets_mean: Interval
    shuffle_rise: Interval
    excerpts_rise: Interval
    measurements_rise: Interval
    icc: float
    n_spread_parameters: int
    headroom_misses: float
    spreads: dict[str, float]
    failures: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        return {k: v.to_dict() if isinstance(v, Interval) else v for k, v in self.__dict__.items()}


@dataclass(frozen=True)
class BenchReport:
    """All mixers, and the two baselines against the original."""

    source: str
    n_songs: int
    nothing_db: Interval
    nothing_tone_db: Interval
    rule_db: Interval
    rule_tone_db: Interval
    results: tuple[MixerResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every mixer did."""
        return not any(result.failures for result in self.results)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        data = {k: v.to_dict() if isinstance(v, Interval) else v for k, v in self.__dict__.items() if k != "results"}
        return data | {"passed": self.passed, "results": [result.to_dict() for result in self.results]}


def load_contestants(models_dir: Path) -> dict[str, tuple[Mixer, Style]]:
    """Every mixer of a models folder with its style; one without a style of its own is judged as plain repair.

    Raises: MixerFileError if the folder holds no mixer, or a damaged one.
    """
    styles = {style.slug: style for style in (*STYLES, BOSS)}
    contestants: dict[str, tuple[Mixer, Style]] = {}
    for folder in sorted(path.parent for path in models_dir.glob("*/card.toml")):
        card = read_card(folder / "card.toml")
        contestants[card.slug] = (load_mixer(folder / "weights.safetensors", card), styles.get(card.slug, BOSS))
    if not contestants:
        raise MixerFileError(f"There is no mixer in {models_dir}. Name the folder that holds them.", code="missing")
    return contestants


def run_bench(
    mixers: dict[str, tuple[Mixer, Style]],
    bench: BenchSet,
    reference: Reference,
    *,
    on_mixer: Callable[[str], object] | None = None,
) -> BenchReport:
    """Judge mixers by slug, each against its style."""
    mean_curve = np.array(reference.mean_mid_db, np.float32)
    degraded = torch.from_numpy(bench.degraded_stats)
    original = original_target(bench)
    rule = np.clip(mean_curve - bench.degraded_stats[:, MID_BANDS], -RULE_MAX_DB, RULE_MAX_DB)
    nothing_total, nothing_tone = curve_distance_db(np.zeros_like(rule), degraded, original)
    rule_total, rule_tone = curve_distance_db(rule, degraded, original)
    results = []
    for slug, (mixer, style) in mixers.items():
        results.append(_judge(slug, mixer, style, bench, reference, original, mean_curve))
        if on_mixer is not None:
            on_mixer(slug)
    return BenchReport(
        source=bench.source,
        n_songs=len(bench.stats),
        nothing_db=mean(nothing_total, bench),
        nothing_tone_db=mean(nothing_tone, bench),
        rule_db=mean(rule_total, bench),
        rule_tone_db=mean(rule_tone, bench),
        results=tuple(results),
    )


def intraclass_correlation(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Share of variance between songs, of values (songs, excerpts, parameters); 0 where nothing varies.

    One-way random effects, single measurement: (B - W) / (B + (k - 1) W) of the mean squares between and within songs.
    """
    n_songs, k = values.shape[:2]
    means = values.mean(axis=1)
    between = k * means.var(axis=0, ddof=1)
    within = ((values - means[:, None]) ** 2).sum(axis=(0, 1)) / (n_songs * (k - 1))
    total = between + (k - 1) * within
    return np.where(total > 1e-12, (between - within) / np.maximum(total, 1e-12), 0.0)


def _judge(
    slug: str,
    mixer: Mixer,
    style: Style,
    bench: BenchSet,
    reference: Reference,
    original: Target,
    mean_curve: Array,
) -> MixerResult:
    clean = answers(mixer, bench.log_mel, bench.stats)
    vectors = answers(mixer, bench.degraded_log_mel, bench.degraded_stats)
    degraded = torch.from_numpy(bench.degraded_stats)
    target = targets(style, torch.from_numpy(bench.stats), bench.genres, reference)
    total, tone = distance_db(vectors, bench.degraded_stats, original)
    style_total, _ = distance_db(vectors, bench.degraded_stats, target)
    offset = offset_db(style)
    nothing, _ = curve_distance_db(np.tile(offset, (len(clean), 1)), degraded, target)
    rule_curve = np.clip(mean_curve + offset - bench.degraded_stats[:, MID_BANDS], -RULE_MAX_DB, RULE_MAX_DB)
    rule, _ = curve_distance_db(rule_curve, degraded, target)
    mean_settings, _ = distance_db(np.tile(vectors.mean(0), (len(vectors), 1)), bench.degraded_stats, target)

    losses = style_losses(vectors, degraded, target)
    shuffled = np.mean(
        [style_losses(vectors[order], degraded, target) for order in derangements(len(vectors), N_SHUFFLES)], axis=0
    )
    shuffle_rise = rise(shuffled, losses, bench)
    # What it listens to: only one of its two inputs comes from another song.
    order = derangements(len(vectors), 1)[0]
    excerpts_rise, measurements_rise = (
        rise(style_losses(answers(mixer, log_mel, stats), degraded, target), losses, bench)
        for log_mel, stats in (
            (bench.degraded_log_mel[order], bench.degraded_stats),
            (bench.degraded_log_mel, bench.degraded_stats[order]),
        )
    )
    n_songs, n_excerpts = bench.excerpt_stats.shape[:2]
    excerpts = answers(
        mixer,
        bench.excerpt_log_mel.reshape(-1, *bench.excerpt_log_mel.shape[2:]),
        bench.excerpt_stats.reshape(n_songs * n_excerpts, -1),
    ).reshape(n_songs, n_excerpts, -1)
    variances = excerpts.reshape(n_songs * n_excerpts, -1).var(axis=0)
    icc = float((intraclass_correlation(excerpts) * variances).sum() / max(float(variances.sum()), 1e-12))
    spreads = clean.std(axis=0)
    n_spread = int((spreads >= MIN_SPREAD).sum())
    is_varied = n_songs >= MIN_VARIED_SONGS
    out = outcome(vectors, bench.degraded_stats)
    repair = repair_ratio(clean, vectors, bench.stats, bench.degraded_stats, groups=bench.works)
    movement = mean(clean_movement_db(clean, bench.stats), bench)
    effort = mean(clean_movement_db(vectors, bench.degraded_stats), bench)
    mean_vectors = np.tile(vectors.mean(0), (len(vectors), 1))
    ten, ten_nothing, ten_mean = (
        mean(ten_target_errors(outcome(v, bench.degraded_stats), degraded, target).mean(axis=1), bench)
        for v in (vectors, neutral_answers(len(vectors)), mean_vectors)
    )
    failures = tuple(
        sentence
        for is_bad, sentence in (
            (shuffle_rise.value < MIN_SHUFFLE_RISE, "shuffling the songs hardly raises its loss"),
            (
                icc < MIN_ICC if is_varied else float(spreads.max()) < MIN_SPREAD,
                "its settings differ too little between songs",
            ),
            (is_varied and n_spread < MIN_SPREAD_PARAMETERS, "too few of its parameters react to the song"),
            (repair.high >= MAX_REPAIR_RATIO, "its repair ratio is not clearly below 1"),
            (movement.value > MAX_CLEAN_MOVEMENT_DB, "it moves clean songs too far"),
            (movement.value >= effort.value, "it moves clean songs as far as damaged ones"),
        )
        if is_bad
    )
    return MixerResult(
        slug=slug,
        original_db=mean(total, bench),
        tone_db=mean(tone, bench),
        style_db=mean(style_total, bench),
        style_nothing_db=mean(nothing, bench),
        style_rule_db=mean(rule, bench),
        style_mean_db=mean(mean_settings, bench),
        repair=repair,
        clean_movement_db=movement,
        degraded_movement_db=effort,
        ten_targets=ten,
        ten_targets_nothing=ten_nothing,
        ten_targets_mean=ten_mean,
        shuffle_rise=shuffle_rise,
        excerpts_rise=excerpts_rise,
        measurements_rise=measurements_rise,
        icc=round(icc, 4),
        n_spread_parameters=n_spread,
        headroom_misses=float((out.limiting_db > 6.0).float().mean()),
        spreads={p.name: round(float(s), 4) for p, s in zip(BUS_VECTOR, spreads, strict=True)},
        failures=failures,
    )
