"""Linear blending: the weights of the offspring lie on the straight line between its parents.

Valid only for parents on one common trunk, whose weights stayed connected through fine-tuning. Sources: M. Wortsman et
al., Model soups, ICML 2022; J. Frankle et al., Linear mode connectivity and the lottery ticket hypothesis, ICML 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mixing.breeding.blend.tensors import Weights, winner_share
from mixing.breeding.ratio import Ratios


def blend(parents: Sequence[Weights], ratios: Ratios) -> dict[str, torch.Tensor]:
    """Weighted mean of loser and winner, exact at the shares 0 and 1."""
    loser, winner = parents
    child = {}
    for name, a in loser.items():
        share = winner_share(name, ratios)
        child[name] = winner[name].clone() if share == 1.0 else torch.lerp(a, winner[name], share)
    return child
