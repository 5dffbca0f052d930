"""The gate lets a sound offspring pass and names what is wrong with each kind of bad one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mixing.breeding.gate import GateSet, Parents, examine, load_gate_set
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.mixers.base import Mixer
from mixing.mixers.zoo import load_mixer
from mixing.training.probe import answers
from tests.mixing.breeding.champions import weights_of


class Family:
    """Two champions, and what they answer at the gate."""

    def __init__(self) -> None:
        self.gate_set: GateSet = load_gate_set()
        loser, winner = (load_mixer(weights_of(slug)) for slug in ("elite-warrior", "baseline-beast"))
        sets = (self.gate_set.clean, self.gate_set.degraded)
        (self.loser_clean, loser_degraded), (self.winner_clean, winner_degraded) = (
            [answers(mixer, s.log_mel, s.stats) for s in sets] for mixer in (loser, winner)
        )
        self.parents = Parents((self.loser_clean, self.winner_clean), (loser_degraded, winner_degraded), (0.5, 0.5))

    def child(self) -> Mixer:
        """The loser itself serves as a child whose faults are then made."""
        return load_mixer(weights_of("elite-warrior"))

    def failed(
        self, child: Mixer, *, target: np.ndarray | None = None, living: list[np.ndarray] | None = None
    ) -> set[str]:
        target = self.loser_clean if target is None else target
        report = examine(child, self.parents, target, living or [], self.gate_set)
        assert report.passed == all(check.passed for check in report.checks)
        assert bool(report.reason) != report.passed
        return {check.name for check in report.checks if not check.passed}


@pytest.fixture(scope="module")
def family() -> Family:
    return Family()


def test_a_sound_offspring_passes(family: Family) -> None:
    assert family.failed(family.child(), living=[family.winner_clean]) == set()


def test_a_copy_of_a_living_mixer_is_rejected(family: Family) -> None:
    assert family.failed(family.child(), living=[family.winner_clean, family.loser_clean]) == {"not_a_copy"}


def test_one_that_strays_from_its_blend_is_rejected(family: Family) -> None:
    assert family.failed(family.child(), target=family.loser_clean + np.float32(0.05)) == {"near_blend"}


def test_answers_that_are_no_numbers_are_rejected(family: Family) -> None:
    child = family.child()
    with torch.no_grad():
        next(child.network.heads["tone"].parameters()).fill_(float("nan"))
    assert family.failed(child) == {"finite"}


def change_last_layer(child: Mixer, change: Callable[[torch.nn.Linear], None], group: str = "tone") -> None:
    with torch.no_grad():
        change(child.network.heads[group][-1])  # type: ignore[index]


def test_one_that_no_longer_listens_does_not_repair(family: Family) -> None:
    child = family.child()
    change_last_layer(child, lambda layer: layer.weight.zero_())  # type: ignore[arg-type]
    assert "repair_ratio" in family.failed(child)


def test_one_that_overdoes_everything_moves_clean_songs_too_far(family: Family) -> None:
    child = family.child()
    change_last_layer(child, lambda layer: layer.weight.mul_(12.0))  # type: ignore[arg-type]
    assert "movement_on_clean_db" in family.failed(child)


def test_one_that_a_little_noise_upsets_is_rejected(family: Family) -> None:
    child = family.child()
    for group in BUS_GROUP_INDICES:
        change_last_layer(child, lambda layer: layer.weight.mul_(80.0), group)  # type: ignore[arg-type]
    assert "stable" in family.failed(child)
