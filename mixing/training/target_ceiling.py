"""How near this corpus lets any network come to the ten targets: one that learns nothing but them.

It needs no console and no style's other wishes, so a mixer of the same songs will hardly do better. Where its error on
songs it learned from goes on falling while the one on held-out songs rises, songs are what is missing, not training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mixing.audio.features import N_STATS, THIRD_OCTAVES_HZ
from mixing.training.damage import draw_damage
from mixing.training.degrade import change_stats
from mixing.training.fit import NOISE_DB, TrainingData
from mixing.training.mixbench import BenchSet
from mixing.training.probe import Interval, bootstrap
from mixing.training.styles import Style, targets
from mixing.training.ten_targets import NAMES, wanted_targets

WIDTH, DROPOUT, BATCH, PEAK_LR, WEIGHT_DECAY = 512, 0.1, 128, 1e-3, 0.05
# Losses of this many steps are averaged.
AVERAGED_STEPS = 200
# Judged after each of these many steps.
CHECKPOINTS = (1500, 3000, 6000, 12_000)


@dataclass(frozen=True)
class CeilingRow:
    """Mean absolute error in [0, 1] after so many steps, on songs of the training and on held-out ones."""

    n_steps: int
    learned: float
    held_out: Interval


def learn_ten_targets(
    data: TrainingData, bench: BenchSet, style: Style, *, seed: int, checkpoints: Sequence[int] = CHECKPOINTS
) -> list[CeilingRow]:
    """Learn the ten targets from the measurements of damaged songs, and judge each checkpoint.

    Args:
        checkpoints: ascending numbers of steps.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    # Measurements are in dB and alike; a column that hardly varies must not blow up its noise.
    mean, spread = data.stats.mean(0), data.stats.std(0).clamp_min(1.0)
    network = _network()
    optimizer = torch.optim.AdamW(network.parameters(), PEAK_LR, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LR, total_steps=checkpoints[-1])
    heard = torch.from_numpy(bench.degraded_stats)
    wanted = wanted_targets(heard, targets(style, torch.from_numpy(bench.stats), bench.genres, data.reference))
    rows = []
    losses: list[float] = []
    for step in range(1, checkpoints[-1] + 1):
        songs = torch.randint(len(data.stats), (BATCH,), generator=generator)
        clean = data.stats[songs]
        damage = draw_damage(BATCH, generator)
        curve = damage.tone.curve_db(THIRD_OCTAVES_HZ)
        damaged, _ = change_stats(clean, curve, damage.side_db, damage.factor, damage.level_db)
        right = wanted_targets(damaged, targets(style, clean, [data.genres[i] for i in songs], data.reference))
        noisy = damaged + NOISE_DB * torch.randn(damaged.shape, generator=generator)
        loss = (network((noisy - mean) / spread) - right).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step in checkpoints:
            network.eval()
            with torch.no_grad():
                errors = (network((heard - mean) / spread) - wanted).abs().mean(1).numpy()
            network.train()
            held_out = bootstrap(_mean_of(errors), len(errors), groups=bench.works)
            rows.append(CeilingRow(step, float(np.mean(losses[-AVERAGED_STEPS:])), held_out))
    return rows


def ceiling_table(rows: Sequence[CeilingRow]) -> str:
    """The rows as Markdown."""
    lines = ["| steps | songs it learned from | held-out songs |", "| --- | --- | --- |"]
    for row in rows:
        found = row.held_out
        lines.append(f"| {row.n_steps} | {row.learned:.4f} | {found.value:.4f} ({found.low:.4f} to {found.high:.4f}) |")
    return "\n".join(lines) + "\n"


def _mean_of(errors: NDArray[np.float32]) -> Callable[[NDArray[np.int64]], float]:
    return lambda rows: float(errors[rows].mean())


def _network() -> nn.Sequential:
    layers: list[nn.Module] = []
    for n_in in (N_STATS, WIDTH):
        layers += [nn.Linear(n_in, WIDTH), nn.GELU(), nn.Dropout(DROPOUT)]
    return nn.Sequential(*layers, nn.Linear(WIDTH, len(NAMES)))
