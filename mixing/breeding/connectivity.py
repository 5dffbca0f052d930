"""Whether mixers can be blended at all: what the middle between two sets of weights does, before any healing.

Where it answers as the blend of its parents' answers does, their weights are connected; where it does not, healing has
to make up for it (Frankle et al., "Linear mode connectivity and the lottery ticket hypothesis", ICML 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

from mixing.breeding.blend.strategies import strategy_named
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.gate import GateSet
from mixing.breeding.heal import blend_outputs
from mixing.breeding.outputs import one_thread, rms_distance
from mixing.breeding.ratio import Ratios
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.mixers.base import Mixer

MIDDLE = Ratios(0.5, dict.fromkeys(BUS_GROUP_INDICES, 0.5))


@dataclass(frozen=True)
class Connectivity:
    """Two mixers and the middle between them, on the gate set.

    Attributes:
        apart: between the parents' answers to clean songs, rms of normalized settings.
        off_blend: between the answers of the middle and the mean of its parents' answers, the same.
        repair_first, repair_second: repair ratios of the parents: below 1 they bring damaged and clean songs together.
        repair_middle: of the middle.
        repair_blend: of the mean of the parents' answers.
    """

    apart: float
    off_blend: float
    repair_first: float
    repair_second: float
    repair_middle: float
    repair_blend: float

    @property
    def lost(self) -> float:
        """How much of the distance between the parents the middle is off by; 0 where the weights are connected."""
        return self.off_blend / self.apart if self.apart > 0.0 else 0.0


def connectivity(first: Mixer, second: Mixer, gate_set: GateSet) -> Connectivity:
    """Measure two mixers of one architecture and configuration. Raises BreedingError where they cannot be blended."""
    middle = middle_of(first, second)
    with one_thread():
        (a, a_damaged), (b, b_damaged), (m, m_damaged) = map(gate_set.answers, (first, second, middle))
    wanted, wanted_damaged = blend_outputs((a, b), MIDDLE), blend_outputs((a_damaged, b_damaged), MIDDLE)
    return Connectivity(
        apart=rms_distance(a, b),
        off_blend=rms_distance(m, wanted),
        repair_first=gate_set.repair_ratio(a, a_damaged),
        repair_second=gate_set.repair_ratio(b, b_damaged),
        repair_middle=gate_set.repair_ratio(m, m_damaged),
        repair_blend=gate_set.repair_ratio(wanted, wanted_damaged),
    )


def middle_of(first: Mixer, second: Mixer) -> Mixer:
    """The mixer whose weights lie in the middle, not healed. Raises BreedingError where they cannot be blended."""
    middle = type(first).from_config(first.config.to_dict())
    parents = [first.network.state_dict(), second.network.state_dict()]
    middle.network.load_state_dict(blend_weights(strategy_named("linear"), parents, MIDDLE, {}))
    return middle
