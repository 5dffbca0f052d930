"""Teaching strip networks to bring stems back to their authors' balance, in five styles.

Songs in stems are thrown out of balance (stem_songs.py); the network answers with strips, strip_effects.py predicts
what they do, and the loss compares levels, tone and sides with what the author had. One base network learns without any
style first, then each champion's own: their weights stay connected, so that breeding can blend them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mixing.audio.features import MID_BANDS, STAT
from mixing.console.spec import NEUTRAL_STRIP_VECTOR, STRIP
from mixing.mixers.strips import StripNetwork
from mixing.training.effects import mono_below_db, physical_values, tone_difference_db
from mixing.training.losses import TONE_DB, band_weights
from mixing.training.stem_songs import StemSong, Unbalanced, choose_stems, level_errors_lu, unbalance
from mixing.training.strip_effects import MAX_BALANCE_DB, apply_strips
from mixing.training.strip_rules import RULED, STRIP_STYLES, StripStyle, ruled_strips, style_levels_lu, style_tone_db

SEED = 20_260
BASE_STEPS, STYLE_STEPS = 5000, 1200
BASE_LR, STYLE_LR = 2e-3, 8e-4
SONGS_A_STEP = 32
N_STEMS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24)
LEVEL_LU, BALANCE_DB = 3.0, 6.0
DROPOUT = 0.1
NOISE = 0.1
EMA = 0.995
WEIGHT_DECAY = 0.02
# A base without any style.
BASE = StripStyle("base", 0.8, 2.0, 0.0, 0.0, -2.0, 1.2, 0.4)
_RULED = [i for i, p in enumerate(STRIP) if p.name in RULED]
_PAN = next(i for i, p in enumerate(STRIP) if p.name == "pan")
_LOOSE = [i for i, p in enumerate(STRIP) if p.name.endswith(("_shelf_hz", "_peak_hz", "_q"))]
_GAINS = [i for i, p in enumerate(STRIP) if p.name.endswith(("_shelf_db", "_peak_db"))]


@dataclass(frozen=True)
class LevelReport:
    """Mean absolute errors of level balance on held-out songs, LU, one value a song each.

    Attributes:
        mixer: behind the strips. nothing: as the songs were thrown out of balance. equal: all stems made equally loud.
    """

    mixer: NDArray[np.float64]
    nothing: NDArray[np.float64]
    equal: NDArray[np.float64]


def train_strips(
    songs: Sequence[StemSong],
    directory: Path,
    *,
    base_steps: int = BASE_STEPS,
    style_steps: int = STYLE_STEPS,
    resume: bool = False,
    on_step: Callable[[str, float], None] | None = None,
) -> dict[str, StripNetwork]:
    """A strip network for every champion, by slug. Seeded; one thread gives the same weights again.

    Args:
        directory: for each finished network and its curve.
        resume: take networks that were finished by a training of the same length from there.
        on_step: called with the run's name and its loss after every step.
    """
    directory.mkdir(parents=True, exist_ok=True)

    def run(network: StripNetwork, style: StripStyle, n_steps: int, lr: float, seed: int) -> StripNetwork:
        name = f"strips-{style.slug}"
        finished, curve = directory / f"{name}-{n_steps}.pt", directory / f"{name}.jsonl"
        if resume and finished.exists():
            network.load_state_dict(torch.load(finished, weights_only=True))
            return network.eval()
        losses: list[float] = []

        def note(loss: float) -> None:
            losses.append(loss)
            if on_step is not None:
                on_step(name, loss)

        fitted = fit_strips(network, songs, style, n_steps, lr, seed, note)
        means = [float(np.mean(losses[start : start + 100])) for start in range(0, len(losses), 100)]
        lines = (json.dumps({"step": min(100 * (i + 1), len(losses)), "train": m}) for i, m in enumerate(means))
        curve.write_text("\n".join(lines) + "\n")
        torch.save(fitted.state_dict(), finished)
        return fitted

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        base = run(StripNetwork(), BASE, base_steps, BASE_LR, SEED)
        return {
            style.slug: run(copy.deepcopy(base), style, style_steps, STYLE_LR, SEED + 1 + i)
            for i, style in enumerate(STRIP_STYLES)
        }


def fit_strips(
    network: StripNetwork,
    songs: Sequence[StemSong],
    style: StripStyle,
    n_steps: int,
    lr: float,
    seed: int,
    on_step: Callable[[float], None] | None = None,
) -> StripNetwork:
    """Train a network and return the moving average of its weights; `on_step` is called with every step's loss."""
    generator = torch.Generator().manual_seed(seed)
    average = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for step in range(n_steps):
        batch = draw_batch(songs, generator)
        noisy = batch.inputs + NOISE * torch.randn(batch.inputs.shape, generator=generator)
        kept = torch.rand(batch.inputs.shape, generator=generator) >= DROPOUT
        strips, reverb = network(noisy * kept)
        loss = strip_loss(strips, reverb, batch, style)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            way = 1.0 - min(EMA, (step + 1) / (step + 10))
            for mean, value in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(value, way)
        if on_step is not None:
            on_step(loss.item())
    return average


def draw_batch(songs: Sequence[StemSong], generator: torch.Generator) -> Unbalanced:
    """Songs at random, all with one number of stems, out of balance."""
    n = N_STEMS[int(torch.randint(len(N_STEMS), (1,), generator=generator))]
    # A song with few stems would only repeat itself.
    fitting = [song for song in songs if 2 * len(song.stats) >= n]
    chosen = torch.randint(len(fitting), (SONGS_A_STEP,), generator=generator)
    stems = [choose_stems(fitting[i], n, generator) for i in chosen.tolist()]
    clean, roles = (torch.stack(part) for part in zip(*stems, strict=True))
    return unbalance(clean, roles, generator)


def strip_loss(strips: torch.Tensor, reverb: torch.Tensor, batch: Unbalanced, style: StripStyle) -> torch.Tensor:
    """How far strips are from bringing a batch back to its authors' balance and the style's offsets.

    Args:
        strips: (songs, n, len(STRIP)). reverb: (songs, len(REVERB)).
    """
    n_songs, n = batch.roles.shape
    vectors, stats, clean = strips.flatten(0, 1), batch.stats.flatten(0, 1), batch.clean.flatten(0, 1)
    roles = batch.roles.flatten()
    out = apply_strips(vectors, stats)
    rule, rule_reverb = _rules(batch, style)
    # What the rules cut off at the bottom is not to be put back by a shelf.
    cut_db = mono_below_db(physical_values(STRIP, rule)["high_pass_hz"])
    wanted_mid = clean[:, MID_BANDS] + style_tone_db(roles, style) + cut_db
    weights = band_weights(wanted_mid, stats)
    tone = tone_difference_db(out.mid_db, wanted_mid, weights)
    tone_loss = ((_huber(tone / TONE_DB) * weights).sum(1) / weights.sum(1)).mean()

    off = batch.gain_lu + out.gain_lu.view(n_songs, n) - style_levels_lu(batch.roles, style)
    mean = off.mean(dim=1, keepdim=True)
    level_loss = _huber((off - mean) / LEVEL_LU).mean() + 0.02 * _huber(mean / LEVEL_LU).mean()

    is_mono = stats[:, STAT["is_mono"]] > 0.5
    wanted_balance = clean[:, STAT["balance_db"]].clamp(-MAX_BALANCE_DB, MAX_BALANCE_DB)
    balance_loss = (_huber((out.balance_db - wanted_balance) / BALANCE_DB) * ~is_mono).mean()

    difference = (vectors - rule).abs()
    rule_loss = difference[:, _RULED].mean() + (difference[:, _PAN] * is_mono).mean()
    reverb_loss = (reverb - rule_reverb).abs().mean()
    neutral = torch.from_numpy(NEUTRAL_STRIP_VECTOR)
    prior = (vectors - neutral)[:, _LOOSE].square().mean() + 2.0 * (vectors - neutral)[:, _GAINS].abs().mean()
    return level_loss + tone_loss + 0.5 * balance_loss + 4.0 * rule_loss + reverb_loss + 0.1 * prior


def measure_levels(network: StripNetwork, songs: Sequence[StemSong], style: StripStyle, *, seed: int) -> LevelReport:
    """Throw held-out songs out of balance, whole and by a fixed seed, and see how far a network brings them back.

    The style's own offsets are taken off: what is measured is the distance from the author's balance plus them.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for song in songs:
        clean, roles = torch.from_numpy(song.stats)[None], torch.from_numpy(song.roles)[None]
        batch = unbalance(clean, roles, generator, untouched_share=0.0, is_augmented=False)
        with torch.no_grad():
            strips, _ = network(batch.inputs)
            gain = apply_strips(strips[0], batch.stats[0]).gain_lu[None]
        mixed = batch.gain_lu + gain - style_levels_lu(batch.roles, style)
        equal = -clean[..., STAT["loudness_lufs"]]
        rows.append([float(level_errors_lu(off).abs().mean()) for off in (mixed, batch.gain_lu, equal)])
    return LevelReport(*np.array(rows).T)


def _rules(batch: Unbalanced, style: StripStyle) -> tuple[torch.Tensor, torch.Tensor]:
    taught = [
        ruled_strips(stats, levels, roles, style)
        for stats, levels, roles in zip(batch.stats.numpy(), batch.levels_lu.numpy(), batch.roles.numpy(), strict=True)
    ]
    strips, reverb = (np.stack(part) for part in zip(*taught, strict=True))
    return torch.from_numpy(strips).flatten(0, 1), torch.from_numpy(reverb)


def _huber(x: torch.Tensor) -> torch.Tensor:
    return functional.huber_loss(x, torch.zeros_like(x), reduction="none", delta=1.0)
