"""Whether mixers can be blended: champions can, one function in two sets of weights cannot, twins lie together."""

from __future__ import annotations

from io import StringIO

import pytest
import torch
from django.core.management import call_command

from mixing.breeding.connectivity import connectivity
from mixing.breeding.gate import GateSet, load_gate_set
from mixing.mixers.zoo import load_mixer
from tests.mixing.breeding.champions import weights_of
from tests.mixing.breeding.networks import tiny_mixer


@pytest.fixture(scope="module")
def gate_set() -> GateSet:
    return load_gate_set()


def test_champions_are_connected(gate_set: GateSet) -> None:
    found = connectivity(
        load_mixer(weights_of("boss-collective")), load_mixer(weights_of("veteran-virtuoso")), gate_set
    )
    assert found.apart > 0.05
    assert found.lost < 0.4
    assert found.repair_middle < max(found.repair_first, found.repair_second) + 0.02
    assert found.repair_blend == pytest.approx(found.repair_middle, abs=0.05)


def test_the_same_function_in_other_weights_is_not_connected(gate_set: GateSet) -> None:
    mixer, shuffled = (load_mixer(weights_of("boss-collective")) for _ in range(2))
    with torch.no_grad():
        for head in shuffled.network.heads.values():
            first, last = head[0], head[-1]  # type: ignore[index]
            first.weight.copy_(first.weight.flip(0))
            first.bias.copy_(first.bias.flip(0))
            last.weight.copy_(last.weight.flip(1))
    found = connectivity(mixer, shuffled, gate_set)
    assert found.apart < 1e-5
    assert found.off_blend > 0.03


def test_a_twin_is_no_distance_apart(gate_set: GateSet) -> None:
    mixer = tiny_mixer(1)
    found = connectivity(mixer, mixer, gate_set)
    assert (found.apart, found.lost) == (0.0, 0.0)
    assert found.off_blend == pytest.approx(0.0, abs=1e-6)
    assert found.repair_middle == pytest.approx(found.repair_first)


def test_the_command_prints_every_pair() -> None:
    out = StringIO()
    call_command("measure_connectivity", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 2 + 10
    assert lines[2].startswith("| baseline-beast, boss-collective | 0.0")
