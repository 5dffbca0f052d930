"""Whether mixers can be blended at all: what the middle between two sets of weights does, before any healing.

Where it answers as the blend of its parents' answers does, their weights are connected; where it does not, healing has
to make up for it (Frankle et al., "Linear mode connectivity and the lottery ticket hypothesis", ICML 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixing.breeding.blend.linear import blend
from mixing.breeding.gate import GateSet
from mixing.breeding.heal import blend_outputs
from mixing.breeding.outputs import one_thread, rms_distance
from mixing.breeding.ratio import Ratios
from mixing.console.spec import BUS_GROUP_INDICES
from mixing.mixers.base import Mixer
from mixing.training.probe import answers, repair_distances

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
    middle = type(first).from_config(first.config.to_dict())
    middle.network.load_state_dict(blend(first.network.state_dict(), second.network.state_dict(), MIDDLE))
    with one_thread():
        (a, a_damaged), (b, b_damaged), (m, m_damaged) = (_answers(x, gate_set) for x in (first, second, middle))
    wanted, wanted_damaged = blend_outputs(a, b, MIDDLE), blend_outputs(a_damaged, b_damaged, MIDDLE)

    def repair(clean: NDArray[np.float32], damaged: NDArray[np.float32]) -> float:
        after, before = repair_distances(clean, damaged, gate_set.clean.stats, gate_set.degraded.stats)
        return float(after.mean() / before.mean())

    return Connectivity(
        apart=rms_distance(a, b),
        off_blend=rms_distance(m, wanted),
        repair_first=repair(a, a_damaged),
        repair_second=repair(b, b_damaged),
        repair_middle=repair(m, m_damaged),
        repair_blend=repair(wanted, wanted_damaged),
    )


def _answers(mixer: Mixer, gate_set: GateSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return (
        answers(mixer, gate_set.clean.log_mel, gate_set.clean.stats),
        answers(mixer, gate_set.degraded.log_mel, gate_set.degraded.stats),
    )
