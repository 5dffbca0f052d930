"""The control that spends a full loop's compute on more training: the best founder goes on learning to repair."""

from __future__ import annotations

import copy

import torch

from mixing.mixers.base import gather_groups
from mixing.mixers.ranges import to_unit_range
from mixing.training.champions import TRUNK
from mixing.training.degrade import degrade
from mixing.training.feature_sets import load
from mixing.training.losses import style_loss
from mixing.training.styles import load_reference, targets
from tournaments.simulation.world import Agent

N_TWINS = 8
SONGS_A_STEP = 16
LEARNING_RATE = 1e-4
# More than this changes nothing any more on the few songs of the heal set.
MAX_STEPS = 6000


def fine_tuned(founder: Agent, *, n_steps: int, seed: int) -> Agent:
    """The founder's heads trained on, towards undamaged songs, on damaged twins of the heal set.

    Args:
        n_steps: of the compute that is to be matched; at most MAX_STEPS are taken.
    """
    world = founder.world
    generator = torch.Generator().manual_seed(seed)
    n = len(world.heal.stats)
    clean = torch.from_numpy(world.heal.stats).repeat(N_TWINS, 1)
    twins = degrade(torch.from_numpy(world.heal.log_mel).repeat(N_TWINS, 1, 1, 1, 1), clean, generator)
    target = targets(TRUNK, clean, list(load("heal").genres[:n]) * N_TWINS, load_reference(world.models))
    mixer = copy.deepcopy(founder.mixer)
    with torch.no_grad():
        embedding = mixer.network.trunk(twins.log_mel, twins.stats)
    optimizer = torch.optim.Adam(mixer.network.heads.parameters(), lr=LEARNING_RATE)
    for _ in range(min(n_steps, MAX_STEPS)):
        rows = torch.randperm(len(clean), generator=generator)[:SONGS_A_STEP]
        vector = gather_groups(
            {group: to_unit_range(head(embedding[rows])) for group, head in mixer.network.heads.items()}
        )
        loss = style_loss(vector, twins.stats[rows], target.rows(rows))[0].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Agent(founder.key, mixer, world, is_champion=founder.is_champion)
