"""Healing: training a blended offspring until it answers as the blend of its parents' answers.

Blended weights do not give blended answers. The target is known exactly on cached features: per group of settings, the
parents' outputs mixed in the planned ratio. The heads are trained on the embeddings of the blended trunk, which stays
as it was blended: embeddings are computed once, so a step costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.breeding.ratio import Ratios
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.errors import BreedingError
from mixing.mixers.base import Mixer, gather_groups
from mixing.mixers.ranges import to_unit_range

MIN_STEPS, MAX_STEPS = 40, 300
# A child this close to its target (rms, normalized) needs no healing, and is done when it gets there.
TOLERANCE = 0.004
CHECK_EVERY = 20
SONGS_A_STEP = 16
BATCH = 8
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class HealReport:
    """How healing went: steps taken, and the rms distance to the target before and after, normalized units."""

    steps: int
    error_before: float
    error_after: float


def blend_outputs(
    answers: Sequence[NDArray[np.float32]], ratios: Ratios, *, guest_share: float = 0.0
) -> NDArray[np.float32]:
    """The exact output blend, (songs, settings): each group of columns mixed in its own ratio.

    Args:
        answers: of loser, winner and, where `guest_share` is above 0, guest; (songs, settings) each.
    """
    loser, winner = answers[:2]
    target = loser.copy()
    for group, columns in BUS_GROUP_INDICES.items():
        index, share = list(columns), np.float32(ratios.groups[group])
        target[:, index] += share * (winner[:, index] - loser[:, index])
    if guest_share > 0.0:
        target += np.float32(guest_share) * (answers[2] - target)
    return target


def heal(
    child: Mixer,
    log_mel: NDArray[np.float32],
    stats: NDArray[np.float32],
    target: NDArray[np.float32],
    *,
    seed: int,
    steps: int | None = None,
) -> HealReport:
    """Train the heads of `child` in place towards `target`.

    Args:
        log_mel, stats: features of the heal set, as in `mixing.training.probe.answers`.
        target: (songs, settings), normalized.
        seed: draws the songs of each step.
        steps: exactly this many, for a replay; None stops at the tolerance, between MIN_STEPS and MAX_STEPS.
    Raises: BreedingError if the child's answers stop being numbers.
    """
    network = child.network
    embedding = _embeddings(child, log_mel, stats)
    wanted = torch.from_numpy(target)
    if not torch.isfinite(embedding).all():
        raise BreedingError("The blended mixer does not give numbers. Try a smaller ratio.", code="not_finite")

    def answers(rows: torch.Tensor) -> torch.Tensor:
        return gather_groups({group: to_unit_range(head(embedding[rows])) for group, head in network.heads.items()})

    everything = torch.arange(len(stats))

    def error() -> float:
        with torch.no_grad():
            return float(torch.sqrt(torch.mean((answers(everything) - wanted) ** 2)))

    before = after = error()
    if steps is None and before <= TOLERANCE:
        return HealReport(0, before, before)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.heads.parameters(), lr=LEARNING_RATE)
    budget = MAX_STEPS if steps is None else steps
    taken = 0
    for taken in range(1, budget + 1):
        rows = torch.randperm(len(stats), generator=generator)[:SONGS_A_STEP]
        loss = torch.mean((answers(rows) - wanted[rows]) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if steps is None and taken >= MIN_STEPS and taken % CHECK_EVERY == 0 and error() <= TOLERANCE:
            break
    network.zero_grad(set_to_none=True)
    after = error()
    return HealReport(taken, before, after)


def _embeddings(child: Mixer, log_mel: NDArray[np.float32], stats: NDArray[np.float32]) -> torch.Tensor:
    rows = []
    with torch.no_grad():
        for start in range(0, len(stats), BATCH):
            part = slice(start, start + BATCH)
            mel = torch.from_numpy(log_mel[part])
            rows.append(child.network.trunk(mel, torch.from_numpy(stats[part])))
    return torch.cat(rows)
