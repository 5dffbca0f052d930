"""Linear blending: exact at its ends, straight between, strict about what fits."""

import pytest
import torch

from mixing.breeding.blend.linear import blend
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError


def weights(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "trunk.0.weight": torch.randn(3, 4, generator=generator),
        "heads.tone.weight": torch.randn(2, 3, generator=generator),
        "heads.level.bias": torch.randn(1, generator=generator),
    }


def plan(base: float, tone: float, level: float) -> Ratios:
    return Ratios(base=base, groups={"tone": tone, "level": level})


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_ends_are_the_parents_bit_for_bit(share: float) -> None:
    parents = weights(1), weights(2)
    child = blend(*parents, plan(share, share, share))
    assert all(torch.equal(child[name], parents[int(share)][name]) for name in child)


def test_each_group_takes_its_own_share() -> None:
    loser, winner = weights(1), weights(2)
    child = blend(loser, winner, plan(0.25, 0.5, 0.75))
    for name, share in (("trunk.0.weight", 0.25), ("heads.tone.weight", 0.5), ("heads.level.bias", 0.75)):
        torch.testing.assert_close(child[name], (1 - share) * loser[name] + share * winner[name])


def test_swapping_parents_and_shares_gives_the_same_child() -> None:
    loser, winner = weights(1), weights(2)
    one, other = blend(loser, winner, plan(0.3, 0.6, 0.1)), blend(winner, loser, plan(0.7, 0.4, 0.9))
    for name in one:
        torch.testing.assert_close(one[name], other[name])


def test_parents_are_left_alone() -> None:
    loser, winner = weights(1), weights(2)
    child = blend(loser, winner, plan(0.0, 1.0, 0.5))
    for tensor in child.values():
        tensor.add_(1.0)
    assert all(torch.equal(loser[name], weights(1)[name]) for name in loser)
    assert all(torch.equal(winner[name], weights(2)[name]) for name in winner)


def test_foreign_weights_are_refused() -> None:
    loser = weights(1)
    for winner in (
        {name: tensor for name, tensor in weights(2).items() if name != "heads.level.bias"},
        weights(2) | {"trunk.0.weight": torch.zeros(4, 3)},
        weights(2) | {"trunk.0.weight": torch.zeros(3, 4, dtype=torch.float64)},
    ):
        with pytest.raises(BreedingError):
            blend(loser, winner, plan(0.5, 0.5, 0.5))


def test_a_head_that_the_plan_does_not_know_is_refused() -> None:
    with pytest.raises(BreedingError):
        blend(weights(1), weights(2), Ratios(base=0.5, groups={"tone": 0.5}))
