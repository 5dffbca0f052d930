"""Blending by a strategy's name: the functions behind the declarations in strategies.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from mixing.breeding.blend import linear, slerp, task_arithmetic, ties
from mixing.breeding.blend.strategies import Strategy
from mixing.breeding.blend.tensors import Weights, average, check_compatible
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError

_FUNCTIONS: dict[str, Callable[..., dict[str, torch.Tensor]]] = {
    "linear": linear.blend,
    "slerp": slerp.blend,
    "task_arithmetic": task_arithmetic.blend,
    "ties": ties.blend,
}


def blend_weights(
    strategy: Strategy,
    parents: Sequence[Weights],
    ratios: Ratios,
    parameters: Mapping[str, float],
    founders: Sequence[Weights] = (),
) -> dict[str, torch.Tensor]:
    """Blend parents by a strategy.

    Args:
        parents: loser, winner and, for a strategy that needs one, the guest.
        parameters: as `Strategy.checked` gives them.
        founders: whose average is the base, for a strategy that needs it.
    Raises: BreedingError unless the number of parents fits and names, shapes and dtypes agree.
    """
    wanted = 3 if strategy.needs_guest else 2
    if len(parents) != wanted:
        raise BreedingError(
            f"The strategy {strategy.name} blends {wanted} parents, not {len(parents)}. Choose another.",
            code="bad_strategy",
        )
    check_compatible([*parents, *(founders if strategy.needs_base else ())])
    extra = {"base": average(founders)} if strategy.needs_base else {}
    return _FUNCTIONS[strategy.name](parents, ratios, **extra, **parameters)
