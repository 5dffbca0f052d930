"""Blending strategies: exact at their ends, as their papers define them between, strict about what fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.breeding.blend.strategies import STRATEGIES, strategy_named
from mixing.breeding.blend.tensors import Weights, average
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError

SHARES = st.floats(0.0, 1.0)


def blend(
    name: str, parents: Sequence[Weights], ratios: Ratios, founders: Sequence[Weights] = (), **given_: float
) -> dict[str, torch.Tensor]:
    strategy = strategy_named(name)
    return blend_weights(strategy, parents, ratios, strategy.checked(given_), founders)


def weights(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "trunk.0.weight": torch.randn(3, 4, generator=generator),
        "heads.tone.weight": torch.randn(2, 3, generator=generator),
        "heads.level.bias": torch.randn(1, generator=generator),
    }


def plan(base: float, tone: float, level: float) -> Ratios:
    return Ratios(base=base, groups={"tone": tone, "level": level})


def everywhere(share: float) -> Ratios:
    return plan(share, share, share)


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize("name", ["linear", "slerp"])
def test_the_ends_are_the_parents_bit_for_bit(name: str, share: float) -> None:
    parents = [weights(1), weights(2)]
    child = blend(name, parents, everywhere(share))
    assert all(torch.equal(child[key], parents[int(share)][key]) for key in child)


@pytest.mark.parametrize("name", ["linear", "task_arithmetic"])
def test_each_group_takes_its_own_share(name: str) -> None:
    """With a scale of 1 task arithmetic is linear, whatever its base."""
    loser, winner = weights(1), weights(2)
    child = blend(name, [loser, winner], plan(0.25, 0.5, 0.75), (weights(3), weights(4)))
    for key, share in (("trunk.0.weight", 0.25), ("heads.tone.weight", 0.5), ("heads.level.bias", 0.75)):
        torch.testing.assert_close(child[key], (1 - share) * loser[key] + share * winner[key])


@pytest.mark.parametrize("name", ["linear", "slerp", "task_arithmetic"])
@settings(deadline=None)
@given(base=SHARES, tone=SHARES, level=SHARES)
def test_swapping_parents_and_shares_gives_the_same_child(name: str, base: float, tone: float, level: float) -> None:
    loser, winner, founders = weights(1), weights(2), (weights(3), weights(4))
    one = blend(name, [loser, winner], plan(base, tone, level), founders)
    other = blend(name, [winner, loser], plan(1 - base, 1 - tone, 1 - level), founders)
    for key in one:
        torch.testing.assert_close(one[key], other[key], atol=1e-5, rtol=1e-4)


def test_spherical_blending_goes_along_the_arc() -> None:
    east, north = {"x": torch.tensor([2.0, 0.0])}, {"x": torch.tensor([0.0, 4.0])}
    child = blend("slerp", [east, north], everywhere(1 / 3))
    angle = math.radians(30.0)
    length = 2.0 + 2.0 / 3.0
    torch.testing.assert_close(child["x"], length * torch.tensor([math.cos(angle), math.sin(angle)]))


def test_where_there_is_no_arc_spherical_blending_is_linear() -> None:
    a = torch.tensor([1.0, 2.0])
    for b in (a * 3.0, -a, torch.zeros(2)):
        child = blend("slerp", [{"x": a}, {"x": b}], everywhere(0.25))
        torch.testing.assert_close(child["x"], torch.lerp(a, b, 0.25))


def test_task_arithmetic_scales_what_was_learned_beyond_the_founders() -> None:
    founders = ({"x": torch.tensor([0.0, 2.0])}, {"x": torch.tensor([2.0, 0.0])})  # average (1, 1)
    parents = [{"x": torch.tensor([3.0, 1.0])}, {"x": torch.tensor([1.0, 2.0])}]
    child = blend("task_arithmetic", parents, everywhere(0.25), founders, scale=1.5)
    # base + 1.5 * (0.75 * (2, 0) + 0.25 * (0, 1))
    torch.testing.assert_close(child["x"], torch.tensor([1.0 + 2.25, 1.0 + 0.375]))


def test_ties_trims_elects_signs_and_averages_those_who_agree() -> None:
    base = ({"x": torch.zeros(4)},)
    parents = [
        {"x": torch.tensor([4.0, 3.0, 0.1, -2.0])},
        {"x": torch.tensor([2.0, -6.0, 0.2, -4.0])},
        {"x": torch.tensor([0.3, 5.0, 1.0, -6.0])},
    ]
    child = blend("ties", parents, everywhere(0.5), base, density=0.75, guest_share=0.2)
    # Shares 0.4, 0.4, 0.2. Trimmed are 0.1, 0.2 and 0.3. Second: 1.2 - 2.4 + 1.0 is negative, only the winner agrees.
    expected = [(0.4 * 4 + 0.4 * 2) / 0.8, -6.0, 1.0, (0.4 * -2 + 0.4 * -4 + 0.2 * -6) / 1.0]
    torch.testing.assert_close(child["x"], torch.tensor(expected))


def test_ties_of_equal_parents_that_keeps_everything_is_that_parent() -> None:
    same = weights(1)
    child = blend("ties", [same, same, same], everywhere(0.3), (weights(2), weights(3)), density=1.0)
    for key in child:
        torch.testing.assert_close(child[key], same[key], atol=1e-5, rtol=1e-4)


def test_the_base_is_the_mean_of_the_founders() -> None:
    torch.testing.assert_close(
        average([weights(1), weights(2)])["heads.level.bias"],
        (weights(1)["heads.level.bias"] + weights(2)["heads.level.bias"]) / 2,
    )


def test_parents_are_left_alone() -> None:
    for strategy in STRATEGIES.values():
        parents = [weights(seed) for seed in range(1, 4 if strategy.needs_guest else 3)]
        child = blend(strategy.name, parents, plan(0.0, 1.0, 0.5), (weights(7), weights(8)))
        for tensor in child.values():
            tensor.add_(1.0)
        for seed, parent in enumerate(parents, 1):
            assert all(torch.equal(parent[key], weights(seed)[key]) for key in parent)


def test_foreign_weights_are_refused() -> None:
    loser = weights(1)
    for winner in (
        {name: tensor for name, tensor in weights(2).items() if name != "heads.level.bias"},
        weights(2) | {"trunk.0.weight": torch.zeros(4, 3)},
        weights(2) | {"trunk.0.weight": torch.zeros(3, 4, dtype=torch.float64)},
    ):
        with pytest.raises(BreedingError):
            blend("linear", [loser, winner], everywhere(0.5))
        with pytest.raises(BreedingError):
            blend("task_arithmetic", [loser, loser], everywhere(0.5), (loser, winner))


def test_a_head_that_the_plan_does_not_know_is_refused() -> None:
    with pytest.raises(BreedingError):
        blend("linear", [weights(1), weights(2)], Ratios(base=0.5, groups={"tone": 0.5}))


@pytest.mark.parametrize(
    ("name", "given_", "message"),
    [
        ("alloy", {}, "no strategy"),
        ("slerp", {"scale": 1.0}, "no parameter"),
        ("ties", {"density": 0.0}, "from 0.05 to 1"),
        ("ties", {"scale": float("nan")}, "from 0.5"),
        ("task_arithmetic", {"scale": "much"}, "no number"),
    ],
)
def test_unknown_strategies_and_impossible_parameters_are_refused(
    name: str, given_: dict[str, Any], message: str
) -> None:
    with pytest.raises(BreedingError, match=message):
        strategy_named(name).checked(given_)


def test_the_number_of_parents_must_fit() -> None:
    with pytest.raises(BreedingError, match="3 parents"):
        blend("ties", [weights(1), weights(2)], everywhere(0.5), (weights(3),))
