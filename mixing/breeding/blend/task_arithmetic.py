"""Task arithmetic: what each parent learned beyond the founders' average is scaled, weighted and added to it.

With a scale of 1 it is linear blending; above 1 the offspring goes further than its parents' line in the direction that
they share. Source: G. Ilharco et al., Editing models with task arithmetic, ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, winner_share
from mixing.breeding.ratio import Ratios


def blend(parents: Sequence[Weights], ratios: Ratios, *, base: Weights, scale: float) -> dict[str, torch.Tensor]:
    """base + scale * sum over parents of share * (parent - base).

    Args:
        parents: loser, winner.
        base: the founders' average.
        scale: of the sum.
    """
    loser, winner = parents
    child = {}
    for name, origin in base.items():
        share = winner_share(name, ratios)
        learned = (1.0 - share) * (loser[name] - origin) + share * (winner[name] - origin)
        child[name] = origin + scale * learned
    return child
