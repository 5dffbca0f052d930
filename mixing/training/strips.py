"""Teaching strip networks the written rules of strip_rules, on sets of stems made up from songs' measurements.

One base network learns the mean of all styles first, then each champion's own: their weights then stay connected, so
that breeding can blend them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.audio.features import MID_BANDS, SIDE_BANDS, STAT, THIRD_OCTAVES_HZ
from mixing.audio.roles import ROLES
from mixing.console.spec import STRIP
from mixing.mixers.strips import StripNetwork, scaled_inputs
from mixing.training import feature_sets
from mixing.training.strip_rules import STRIP_STYLES, StripStyle, taught_strips

SEED = 20_260
BASE_STEPS, STYLE_STEPS = 2500, 1200
LR = 2e-3
SONGS_A_STEP = 24
N_STEMS = (2, 3, 4, 6, 8, 12, 18, 32)
POOL = 600
# A stem has a region that it plays in, in octaves around a center; beyond it, it loses this much an octave.
SLOPES_DB = (6.0, 24.0)


@dataclass(frozen=True)
class StemSong:
    """A made-up song: measurements (stems, N_STATS), levels (stems,) LU, role numbers (stems,)."""

    stats: NDArray[np.float32]
    levels_lu: NDArray[np.float32]
    roles: NDArray[np.int64]


def made_up_song(songs: NDArray[np.float32], n_stems: int, generator: np.random.Generator) -> StemSong:
    """Stems from measured songs, (songs, N_STATS): each one filtered to a region, tilted, and at a level of its own."""
    stats = songs[generator.integers(len(songs), size=n_stems)].copy()
    octaves = np.log2(THIRD_OCTAVES_HZ / 1000.0)
    for row in stats:
        center, half_width = generator.uniform(-4.0, 3.0), generator.uniform(0.5, 4.0)
        outside = np.maximum(np.abs(octaves - center) - half_width, 0.0)
        curve = -generator.uniform(*SLOPES_DB) * outside + generator.normal(0.0, 2.0) * octaves
        for bands in (MID_BANDS, SIDE_BANDS):
            row[bands] += curve
        # Bands are relative to the loudness, which the loudest of them carry.
        shift = -12.0 - float(row[MID_BANDS].max())
        row[: SIDE_BANDS.stop] = np.clip(row[: SIDE_BANDS.stop] + shift, -90.0, 40.0)
        row[STAT["plr_db"]] = np.clip(generator.normal(15.0, 5.0), 3.0, 35.0)
        if generator.random() < 0.4:
            row[STAT["is_mono"]] = 1.0
            row[SIDE_BANDS] = -90.0
    levels = generator.normal(-9.0, 6.0, n_stems) - 10.0 * np.log10(n_stems) / 2.0
    levels[generator.random(n_stems) < 0.03] = -55.0
    roles = generator.integers(len(ROLES), size=n_stems)
    return StemSong(stats.astype(np.float32), levels.astype(np.float32), roles)


def train_strips(
    *, base_steps: int = BASE_STEPS, style_steps: int = STYLE_STEPS, on_step: Callable[[str, float], None] | None = None
) -> dict[str, StripNetwork]:
    """A strip network for every champion, by slug. Seeded; one thread gives the same weights again."""
    generator = np.random.default_rng(SEED)
    measured = np.concatenate([feature_sets.load(name).stats for name in ("heal", "gate")])
    pools = {n: [made_up_song(measured, n, generator) for _ in range(POOL // len(N_STEMS))] for n in N_STEMS}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        base = StripNetwork()
        _fit(base, pools, (mean_style(),), base_steps, LR, "base", on_step)
        networks = {}
        for style in STRIP_STYLES:
            network = copy.deepcopy(base)
            _fit(network, pools, (style,), style_steps, LR / 2.0, style.slug, on_step)
            networks[style.slug] = network.eval()
    return networks


def mean_style() -> StripStyle:
    """The style in the middle of all five."""
    names = [name for name in STRIP_STYLES[0].__dict__ if name != "slug"]
    means = {name: float(np.mean([getattr(style, name) for style in STRIP_STYLES])) for name in names}
    return replace(STRIP_STYLES[0], slug="base", **means)


def measure(network: StripNetwork, style: StripStyle, *, n_songs: int = 60) -> tuple[float, float]:
    """Mean distance to the rules on songs never seen, normalized: the network's, and that of its mean answer."""
    generator = np.random.default_rng(SEED + 1)
    measured = feature_sets.load("probe").stats
    answers, wanted = [], []
    for _ in range(n_songs):
        song = made_up_song(measured, int(generator.choice(N_STEMS)), generator)
        with torch.no_grad():
            inputs = torch.from_numpy(scaled_inputs(song.stats, song.levels_lu, list(song.roles)))
            answers.append(network(inputs[None])[0][0].numpy())
        wanted.append(taught_strips(song.stats, song.levels_lu, song.roles, style)[0])
    found, truth = np.concatenate(answers), np.concatenate(wanted)
    return float(np.abs(found - truth).mean()), float(np.abs(found.mean(axis=0) - truth).mean())


def _fit(
    network: StripNetwork,
    pools: dict[int, list[StemSong]],
    styles: tuple[StripStyle, ...],
    n_steps: int,
    lr: float,
    name: str,
    on_step: Callable[[str, float], None] | None,
) -> None:
    generator = np.random.default_rng(SEED + 2)
    lessons = {n: [_lesson(song, styles[0]) for song in songs] for n, songs in pools.items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        group = lessons[int(generator.choice(N_STEMS))]
        chosen = [group[i] for i in generator.integers(len(group), size=SONGS_A_STEP)]
        inputs, strips, reverb = (torch.stack(part) for part in zip(*chosen, strict=True))
        found_strips, found_reverb = network(inputs)
        loss = (found_strips - strips).abs().mean() * len(STRIP) + (found_reverb - reverb).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(name, loss.item())


def _lesson(song: StemSong, style: StripStyle) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    strips, reverb = taught_strips(song.stats, song.levels_lu, song.roles, style)
    inputs = scaled_inputs(song.stats, song.levels_lu, list(song.roles))
    return torch.from_numpy(inputs), torch.from_numpy(strips), torch.from_numpy(reverb)
