"""TIES: of what each parent learned beyond the founders' average only the largest changes count, and only those that
agree with the elected sign; parents that pull a weight in opposite directions no longer cancel each other.

Made for three or more parents: loser, winner and a guest. Source: P. Yadav et al., TIES-Merging: resolving interference
when merging models, NeurIPS 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, shares_of
from mixing.breeding.ratio import Ratios


def blend(
    parents: Sequence[Weights], ratios: Ratios, *, base: Weights, density: float, scale: float, guest_share: float
) -> dict[str, torch.Tensor]:
    """Trim, elect signs, and take the share-weighted mean of those who agree.

    Args:
        parents: loser, winner, guest.
        base: the founders' average.
        density: share of each tensor's changes that is kept, the largest, above 0 to 1.
        scale: of the merged change.
    """
    child = {}
    for name, origin in base.items():
        shares = torch.tensor(shares_of(name, ratios, guest_share), dtype=origin.dtype)
        learned = torch.stack([_trimmed(parent[name] - origin, density) for parent in parents])
        weighted = learned * shares.view(-1, *[1] * origin.dim())
        sign = torch.sign(weighted.sum(dim=0))
        agree = (torch.sign(learned) == sign) & (sign != 0)
        weight = (shares.view(-1, *[1] * origin.dim()) * agree).sum(dim=0)
        merged = torch.where(weight > 0, (weighted * agree).sum(dim=0) / weight.clamp_min(1e-12), torch.zeros(()))
        child[name] = origin + scale * merged
    return child


def _trimmed(change: torch.Tensor, density: float) -> torch.Tensor:
    """The change with all but its largest entries set to 0."""
    n_kept = max(1, round(density * change.numel()))
    if n_kept >= change.numel():
        return change
    threshold = change.abs().flatten().kthvalue(change.numel() - n_kept).values
    return torch.where(change.abs() > threshold, change, torch.zeros(()))
