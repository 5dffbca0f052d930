"""Healing brings a blended mixer to the blend of its parents' answers, and does so reproducibly."""

import numpy as np
import pytest
import torch

from mixing.breeding.blend.linear import blend
from mixing.breeding.heal import MIN_STEPS, TOLERANCE, blend_outputs, heal
from mixing.breeding.outputs import one_thread
from mixing.breeding.ratio import Ratios
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.mixers.cnn import CnnMixer
from mixing.mixers.zoo import content_hash
from mixing.training import feature_sets
from mixing.training.probe import answers
from tests.mixing.breeding.networks import TINY, tiny_mixer

RATIOS = Ratios(base=0.5, groups={group: 0.3 + 0.1 * i for i, group in enumerate(BUS_GROUP_INDICES)})
HEAL_SET = feature_sets.load("heal")
MEL, STATS = HEAL_SET.log_mel[:24], HEAL_SET.stats[:24]


@pytest.fixture(scope="module")
def parents() -> tuple[CnnMixer, CnnMixer]:
    return tiny_mixer(1), tiny_mixer(2)


@pytest.fixture(scope="module")
def target(parents: tuple[CnnMixer, CnnMixer]) -> np.ndarray:
    loser, winner = (answers(parent, MEL, STATS) for parent in parents)
    return blend_outputs((loser, winner), RATIOS)


def child_of(parents: tuple[CnnMixer, CnnMixer]) -> CnnMixer:
    child = CnnMixer(TINY)
    loser, winner = (parent.network.state_dict() for parent in parents)
    child.network.load_state_dict(blend((loser, winner), RATIOS))
    return child


def test_the_output_blend_takes_each_group_in_its_share(parents: tuple[CnnMixer, CnnMixer]) -> None:
    loser, winner = (answers(parent, MEL, STATS) for parent in parents)
    blended = blend_outputs((loser, winner), RATIOS)
    for group, columns in BUS_GROUP_INDICES.items():
        index, share = list(columns), RATIOS.groups[group]
        np.testing.assert_allclose(
            blended[:, index], (1 - share) * loser[:, index] + share * winner[:, index], atol=1e-6
        )


def test_healing_reaches_the_target(parents: tuple[CnnMixer, CnnMixer], target: np.ndarray) -> None:
    child = child_of(parents)
    report = heal(child, MEL, STATS, target, seed=3)
    assert report.error_before > 2 * TOLERANCE
    assert report.steps >= MIN_STEPS
    assert report.error_after < 0.5 * report.error_before
    measured = np.sqrt(np.mean((answers(child, MEL, STATS) - target) ** 2))
    assert measured == pytest.approx(report.error_after, abs=1e-5)


def test_healing_leaves_the_trunk_as_it_was_blended(parents: tuple[CnnMixer, CnnMixer], target: np.ndarray) -> None:
    child = child_of(parents)
    before = {name: tensor.clone() for name, tensor in child.network.trunk.state_dict().items()}
    heal(child, MEL, STATS, target, seed=3)
    assert all(torch.equal(before[name], tensor) for name, tensor in child.network.trunk.state_dict().items())


def test_the_same_seed_and_steps_give_the_same_bits(parents: tuple[CnnMixer, CnnMixer], target: np.ndarray) -> None:
    hashes = []
    with one_thread():
        first = child_of(parents)
        steps = heal(first, MEL, STATS, target, seed=3).steps
        hashes.append(content_hash(first.network.state_dict()))
        for seed in (3, 4):
            child = child_of(parents)
            heal(child, MEL, STATS, target, seed=seed, steps=steps)
            hashes.append(content_hash(child.network.state_dict()))
    assert hashes[0] == hashes[1]
    assert hashes[2] != hashes[0]


def test_a_child_that_matches_already_is_left_alone(parents: tuple[CnnMixer, CnnMixer]) -> None:
    child = child_of(parents)
    before = content_hash(child.network.state_dict())
    report = heal(child, MEL, STATS, answers(child, MEL, STATS), seed=3)
    assert report.steps == 0
    assert content_hash(child.network.state_dict()) == before
