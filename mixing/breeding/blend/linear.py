"""Linear blending: the weights of the offspring lie on the straight line between its parents.

Valid only for parents on one common trunk, whose weights stayed connected through fine-tuning (Wortsman et al., "Model
soups", ICML 2022; Frankle et al., "Linear mode connectivity", ICML 2020).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError

HEADS = "heads."


def share_of(name: str, ratios: Ratios) -> float:
    """The winner's share of one tensor: its group's for a head, the base for everything else."""
    if not name.startswith(HEADS):
        return ratios.base
    group = name.removeprefix(HEADS).partition(".")[0]
    if group not in ratios.groups:
        raise BreedingError(
            f"The weights have a head for {group!r}, which the plan does not know. Breed mixers of this console only.",
            code="unknown_group",
        )
    return ratios.groups[group]


def blend(
    loser: Mapping[str, torch.Tensor], winner: Mapping[str, torch.Tensor], ratios: Ratios
) -> dict[str, torch.Tensor]:
    """Blend two sets of weights, loser + share * (winner - loser), exact at the shares 0 and 1.

    Raises: BreedingError unless names, shapes and dtypes agree.
    """
    check_compatible(loser, winner)
    child = {}
    for name, a in loser.items():
        share = share_of(name, ratios)
        child[name] = winner[name].clone() if share == 1.0 else torch.lerp(a, winner[name], share)
    return child


def check_compatible(loser: Mapping[str, torch.Tensor], winner: Mapping[str, torch.Tensor]) -> None:
    """Raise BreedingError unless both sets of weights have the same names, shapes and dtypes."""
    if loser.keys() != winner.keys():
        odd = ", ".join(sorted(loser.keys() ^ winner.keys())[:3])
        raise BreedingError(
            f"The parents' weights have different names ({odd}). Breed mixers of one architecture and configuration.",
            code="incompatible",
        )
    for name, a in loser.items():
        b = winner[name]
        if a.shape != b.shape or a.dtype != b.dtype:
            raise BreedingError(
                f"The parents' weights differ in shape or type at {name}. Breed mixers of one configuration.",
                code="incompatible",
            )
