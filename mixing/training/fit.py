"""Training: one shared trunk, then a fine-tuning for each style, then the boss distilled from the other four.

Seeded, resumable and checkpointed: the same data and seed give the same weights on one machine. Weights that are
kept are an exponential moving average. Songs are varied a little before they are damaged, so that a network cannot
learn a song's spectrum by heart instead of what damage looks like.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import LEVELS, MID_BANDS, STAT, THIRD_OCTAVES_HZ, SongFeatures
from mixing.audio.log_mel import mel_centers_hz
from mixing.genres import GENRES
from mixing.mixers.cnn import CnnConfig, CnnMixer
from mixing.training.corpus import CorpusSong
from mixing.training.degrade import change_stats, degrade
from mixing.training.effects import apply_settings, audible, peak_db, shelf_db
from mixing.training.losses import Target, imitation_loss, style_loss
from mixing.training.probe import target_distance_db
from mixing.training.styles import Reference, Style, targets

BATCH_SONGS, BATCH_CROPS = 32, 2
CHECKPOINT_STEPS = 200
EMA = 0.995
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.05
DROPOUT = 0.2
# Variation of songs before damage, and noise on the measurements, dB.
VARIATION_DB, NOISE_DB = 2.0, 0.7
# How far songs are moved towards (or away from) the spectrum of another one, as a share of their difference.
TRANSPLANT, MAX_TRANSPLANT_DB = (-0.5, 1.0), 15.0
# The boss judges its candidates on this many twins of a song, and prefers one made for the song's genre by this many
# standard deviations of a candidate's scores.
FAVORITE_TWINS, GENRE_BONUS = 6, 0.4


@dataclass(frozen=True)
class Batch:
    """Damaged songs as the network hears them, and what is known of them; see TrainingData.

    Attributes:
        clean: the songs' measurements before the damage.
    """

    log_mel: torch.Tensor
    stats: torch.Tensor
    clean: torch.Tensor
    genres: list[str]
    favorites: torch.Tensor


LossFunction = Callable[[torch.Tensor, Batch], torch.Tensor]
# A loss on data of its own; the generator draws whatever it draws.
ExtraLoss = Callable[[CnnMixer, torch.Generator], torch.Tensor]


@dataclass(frozen=True)
class TrainingData:
    """Songs in memory.

    Attributes:
        log_mel: float16 (songs, 6, 2, 64, 128). stats: float32 (songs, N_STATS). genres: slugs, one a song.
        reference: percentiles of the same songs by genre.
        favorites: (songs,) which candidate the boss takes for each; see `with_favorites`.
    """

    log_mel: torch.Tensor
    stats: torch.Tensor
    genres: list[str]
    reference: Reference
    favorites: torch.Tensor

    @classmethod
    def of(cls, songs: Sequence[tuple[CorpusSong, SongFeatures]], reference: Reference) -> TrainingData:
        """Stack single-stem songs."""
        return cls(
            torch.from_numpy(np.stack([f.stems[0].log_mel for _, f in songs])),
            torch.from_numpy(np.stack([f.stems[0].stats for _, f in songs])),
            [song.genre for song, _ in songs],
            reference,
            torch.zeros(len(songs), dtype=torch.long),
        )


@dataclass(frozen=True)
class FitPlan:
    """One training run.

    Attributes:
        name: of its checkpoint and curve.
        peak_lr: after the warm-up of a twentieth of the steps; cosine to zero.
        seed: of batches, damage and, for a fresh network, its weights.
        is_varied: whether songs are varied before they are damaged.
        dropout: share of the embedding.
        noise_db: on the measurements.
    """

    name: str
    n_steps: int
    peak_lr: float
    seed: int
    is_varied: bool = True
    dropout: float = DROPOUT
    noise_db: float = NOISE_DB


def style_objective(style: Style, reference: Reference) -> LossFunction:
    """The loss of one style, for `fit`."""

    def loss(vector: torch.Tensor, batch: Batch) -> torch.Tensor:
        target = targets(style, batch.clean, batch.genres, reference)
        return style_loss(vector, batch.stats, target)[0].mean()

    return loss


def boss_objective(candidates: Sequence[CnnMixer]) -> LossFunction:
    """Imitate each song's favorite candidate, as `with_favorites` chose it; never a mean of them."""

    def loss(vector: torch.Tensor, batch: Batch) -> torch.Tensor:
        with torch.no_grad():
            proposals = torch.stack([candidate.network(batch.log_mel, batch.stats) for candidate in candidates])
            teacher = proposals[batch.favorites, torch.arange(len(batch.stats))]
        return imitation_loss(vector, batch.stats, teacher).mean()

    return loss


def with_favorites(
    data: TrainingData, candidates: Sequence[CnnMixer], styles: Sequence[Style], *, seed: int
) -> TrainingData:
    """Choose for each song the candidate that serves it best, compared with how that candidate serves all songs.

    Serving is coming close to one's own written target from several damaged twins: one twin alone would say more about
    the damage than about the song. Candidates of the song's genre have a bonus.
    """
    generator = torch.Generator().manual_seed(seed)
    scores = torch.zeros((len(candidates), len(data.stats)))
    log_mel = data.log_mel[:, ::3].float()
    with torch.no_grad():
        for _ in range(FAVORITE_TWINS):
            damaged = degrade(log_mel, data.stats, generator)
            for k, (candidate, style) in enumerate(zip(candidates, styles, strict=True)):
                vector = torch.cat(
                    [
                        candidate.network(damaged.log_mel[i : i + BATCH_SONGS], damaged.stats[i : i + BATCH_SONGS])
                        for i in range(0, len(data.stats), BATCH_SONGS)
                    ]
                )
                target = targets(style, data.stats, data.genres, data.reference)
                scores[k] += _style_distance_db(vector, damaged.stats, target) / FAVORITE_TWINS
    spread = scores.std(1, keepdim=True, correction=min(1, len(data.stats) - 1))
    scores = (scores - scores.mean(1, keepdim=True)) / (spread + 1e-6)
    # A champion of every genre is made for none in particular.
    home = torch.tensor(
        [[genre in style.genres and len(style.genres) < len(GENRES) for genre in data.genres] for style in styles]
    )
    return replace(data, favorites=(scores - GENRE_BONUS * home).argmin(0))


def fit(
    mixer: CnnMixer,
    data: TrainingData,
    validation: TrainingData,
    objective: LossFunction,
    plan: FitPlan,
    directory: Path,
    *,
    extra: ExtraLoss | None = None,
    resume: bool = False,
    on_step: Callable[[int, float], None] | None = None,
) -> CnnMixer:
    """Train a mixer in place and return a copy that holds the moving average.

    Args:
        extra: a loss on data of its own, which is added to that of the batches.
        validation: songs of other works; their loss goes into the curve, nothing is chosen by it.
        directory: for `<name>.pt` (checkpoint) and `<name>.jsonl` (curve).
        resume: go on from the checkpoint where there is one; a finished run returns at once.
        on_step: called with the step and its loss.
    """
    directory.mkdir(parents=True, exist_ok=True)
    checkpoint, curve = directory / f"{plan.name}.pt", directory / f"{plan.name}.jsonl"
    network = mixer.network
    average = {k: v.detach().clone() for k, v in network.state_dict().items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.peak_lr, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(plan.seed)
    start = 0
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
        average, start = state["average"], int(state["step"])
    elif curve.exists():
        curve.unlink()
    network.train()

    def drop(_module: torch.nn.Module, _inputs: object, embedding: torch.Tensor) -> torch.Tensor:
        kept = torch.rand(embedding.shape, generator=generator) >= plan.dropout
        return embedding * kept / (1.0 - plan.dropout)

    dropping = network.trunk.register_forward_hook(drop)
    for step in range(start, plan.n_steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.peak_lr * _schedule(step, plan.n_steps)
        loss = _batch_loss(mixer, data, objective, generator, is_varied=plan.is_varied, noise_db=plan.noise_db)
        if extra is not None:
            loss = loss + extra(mixer, generator)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        # Early on the average must forget the start quickly.
        keep = min(EMA, (1.0 + step) / (10.0 + step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1.0 - keep)
        if on_step is not None:
            on_step(step, float(loss.detach()))
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == plan.n_steps:
            averaged = _with_weights(mixer, average)
            record = {
                "step": step + 1,
                "train": float(loss.detach()),
                "validation": evaluate(averaged, validation, objective, seed=1),
            }
            with curve.open("a") as file:
                file.write(json.dumps(record) + "\n")
            torch.save(
                {
                    "network": network.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "generator": generator.get_state(),
                    "average": average,
                    "step": step + 1,
                },
                checkpoint,
            )
    dropping.remove()
    network.eval()
    return _with_weights(mixer, average)


def evaluate(mixer: CnnMixer, data: TrainingData, objective: LossFunction, *, seed: int) -> float:
    """Mean loss over a few fixed batches."""
    generator = torch.Generator().manual_seed(seed)
    mixer.network.eval()
    with torch.no_grad():
        losses = [
            float(_batch_loss(mixer, data, objective, generator, is_varied=False, noise_db=NOISE_DB)) for _ in range(8)
        ]
    return float(np.mean(losses))


def split_validation(songs: Sequence[Any], works: Sequence[str]) -> tuple[list[Any], list[Any]]:
    """Every twelfth work, in name order, validates."""
    held = set(sorted(set(works))[::12])
    pairs = list(zip(songs, works, strict=True))
    return [s for s, w in pairs if w not in held], [s for s, w in pairs if w in held]


def vary(log_mel: torch.Tensor, stats: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Other songs that might have been: half of them are equalized some way towards, or away from, another song's
    spectrum.

    On top come a mild random tone curve, width and spread. All of it counts as *their* original, so that a song's
    details do
    not tell its spectrum: with a few hundred songs a network would otherwise learn them by heart.
    """
    n = len(stats)

    def normal(scale: float) -> torch.Tensor:
        return scale * torch.randn(n, generator=generator)

    other = stats[torch.randperm(n, generator=generator), MID_BANDS] - stats[:, MID_BANDS]
    way = TRANSPLANT[0] + (TRANSPLANT[1] - TRANSPLANT[0]) * torch.rand(n, generator=generator)
    way = way * (torch.rand(n, generator=generator) < 0.7)
    # Differences in inaudible bands are no style of anything.
    towards = _smooth(
        way[:, None] * (other * audible(stats[:, MID_BANDS])).clamp(-MAX_TRANSPLANT_DB, MAX_TRANSPLANT_DB)
    )
    low_hz, high_hz = 120.0 * torch.exp(normal(0.5)), 4000.0 * torch.exp(normal(0.5))
    center, q = 700.0 * torch.exp(normal(1.0)), 0.8 * torch.exp(normal(0.4))
    low, high, gain = normal(VARIATION_DB), normal(VARIATION_DB), normal(VARIATION_DB)
    curves = [
        shelf_db(low_hz, low, is_high=False, at_hz=hz)
        + shelf_db(high_hz, high, is_high=True, at_hz=hz)
        + peak_db(center, gain, q, at_hz=hz)
        for hz in (THIRD_OCTAVES_HZ, mel_centers_hz())
    ]
    width = normal(VARIATION_DB)
    new, k_shift = change_stats(stats, curves[0] + towards, width, torch.exp(normal(0.15)), normal(2.0))
    shift = (curves[1] + towards @ _BANDS_TO_MEL - k_shift[:, None])[:, None, None, :, None] / 10.0
    sides = torch.stack([torch.zeros(n), width], dim=1)[:, None, :, None, None] / 10.0
    return log_mel + shift + sides, new


def _batch_loss(
    mixer: CnnMixer,
    data: TrainingData,
    objective: LossFunction,
    generator: torch.Generator,
    *,
    is_varied: bool,
    noise_db: float,
) -> torch.Tensor:
    n_crops = data.log_mel.shape[1]
    rows = torch.randint(len(data.stats), (BATCH_SONGS,), generator=generator)
    crops = torch.rand((BATCH_SONGS, n_crops), generator=generator).argsort(1)[:, :BATCH_CROPS]
    log_mel = data.log_mel[rows[:, None], crops].float()
    clean = data.stats[rows]
    if is_varied:
        log_mel, clean = vary(log_mel, clean, generator)
    damaged = degrade(log_mel, clean, generator)
    noise = noise_db * torch.randn(damaged.stats.shape, generator=generator)
    # Shares and flags are no decibels: noise of a fraction of one keeps them meaningful.
    noise[:, _SMALL_STATS] *= 0.01
    vector = mixer.network(damaged.log_mel, damaged.stats + noise)
    genres = [data.genres[i] for i in rows.tolist()]
    return objective(vector, Batch(damaged.log_mel, damaged.stats, clean, genres, data.favorites[rows]))


def _style_distance_db(vector: torch.Tensor, stats: torch.Tensor, target: Target) -> torch.Tensor:
    out = apply_settings(vector, stats)
    return target_distance_db(out.mid_db, out.width_db, out.spread_db, stats, target)[0]


def _with_weights(mixer: CnnMixer, weights: dict[str, torch.Tensor]) -> CnnMixer:
    copy = CnnMixer(mixer.config if isinstance(mixer.config, CnnConfig) else None)
    copy.network.load_state_dict(weights)
    copy.network.eval()
    return copy


def _schedule(step: int, n_steps: int) -> float:
    warm_up = max(1, n_steps // 20)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, n_steps - warm_up)))


def _small_stats() -> NDArray[np.int64]:
    named = [STAT[name] for name in ("correlation", "active_ratio", "is_mono")]
    return np.array([*range(LEVELS.start, LEVELS.stop), *named])


def _smooth(bands: torch.Tensor) -> torch.Tensor:
    """Third octaves averaged with their neighbours, so that a moved spectrum has no new resonances."""
    padded = torch.cat([bands[:, :1], bands, bands[:, -1:]], dim=1)
    return 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]


def _bands_to_mel() -> NDArray[np.float32]:
    """Linear interpolation over log frequency from third octaves to mel bands, (28, 64)."""
    log_hz, unit = np.log(THIRD_OCTAVES_HZ), np.eye(len(THIRD_OCTAVES_HZ))
    return np.array([np.interp(np.log(mel_centers_hz()), log_hz, row) for row in unit], dtype=np.float32)


_BANDS_TO_MEL = torch.from_numpy(_bands_to_mel())
_SMALL_STATS = torch.from_numpy(_small_stats())
