"""Task arithmetic: what each parent learned beyond the founders' average is scaled, weighted and added to it.

With a scale of 1 it is linear blending; above 1 the offspring goes further than its parents' line in the direction that
they share. Source: G. Ilharco et al., Editing models with task arithmetic, ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, shares_of
from mixing.breeding.ratio import Ratios


def blend(
    parents: Sequence[Weights], ratios: Ratios, *, base: Weights, scale: float, guest_share: float = 0.0
) -> dict[str, torch.Tensor]:
    """base + scale * sum over parents of share * (parent - base).

    Args:
        parents: loser, winner and, where `guest_share` is above 0, a guest.
        base: the founders' average.
        scale: of the sum.
    """
    child = {}
    for name, origin in base.items():
        shares = shares_of(name, ratios, guest_share)
        learned = sum(share * (parent[name] - origin) for share, parent in zip(shares, parents, strict=True))
        child[name] = origin + scale * learned
    return child
