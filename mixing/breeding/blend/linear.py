"""Linear blending: the weights of the offspring lie on the straight line between its parents.

Valid only for parents on one common trunk, whose weights stayed connected through fine-tuning. Sources: M. Wortsman et
al., Model soups, ICML 2022; J. Frankle et al., Linear mode connectivity and the lottery ticket hypothesis, ICML 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, shares_of
from mixing.breeding.ratio import Ratios


def blend(parents: Sequence[Weights], ratios: Ratios, *, guest_share: float = 0.0) -> dict[str, torch.Tensor]:
    """Weighted mean of the parents, exact at the shares 0 and 1.

    Args:
        parents: loser, winner and, where `guest_share` is above 0, a guest.
    """
    child = {}
    for name, a in parents[0].items():
        _, winner, *guest = shares_of(name, ratios, guest_share)
        to_winner = winner / (1.0 - guest_share) if guest else winner
        b = parents[1][name]
        mixed = b.clone() if to_winner == 1.0 else torch.lerp(a, b, to_winner)
        child[name] = torch.lerp(mixed, parents[2][name], guest_share) if guest else mixed
    return child
