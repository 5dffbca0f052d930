"""What all blending strategies share: which share of each parent a tensor gets, and checks before any work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError

HEADS = "heads."
Weights = Mapping[str, torch.Tensor]


def winner_share(name: str, ratios: Ratios) -> float:
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


def shares_of(name: str, ratios: Ratios, guest_share: float) -> tuple[float, float, float]:
    """Shares of loser, winner and guest in one tensor; they add up to 1."""
    winner = winner_share(name, ratios)
    return (1.0 - guest_share) * (1.0 - winner), (1.0 - guest_share) * winner, guest_share


def check_compatible(parents: Sequence[Weights]) -> None:
    """Raise BreedingError unless all sets of weights have the same names, shapes and dtypes."""
    first = parents[0]
    for other in parents[1:]:
        if first.keys() != other.keys():
            odd = ", ".join(sorted(first.keys() ^ other.keys())[:3])
            raise BreedingError(
                f"The parents' weights have different names ({odd}). "
                "Breed mixers of one architecture and configuration.",
                code="incompatible",
            )
        for name, a in first.items():
            b = other[name]
            if a.shape != b.shape or a.dtype != b.dtype:
                raise BreedingError(
                    f"The parents' weights differ in shape or type at {name}. Breed mixers of one configuration.",
                    code="incompatible",
                )


def average(parents: Sequence[Weights]) -> dict[str, torch.Tensor]:
    """The plain mean of several sets of weights: the base that the founders' fine-tunings started from, nearly."""
    check_compatible(parents)
    return {name: torch.stack([weights[name] for weights in parents]).mean(dim=0) for name in parents[0]}
