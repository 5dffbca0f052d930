"""Breeding: an offspring made of a loser and a winner, or the reason why there is none.

Plan, blend, heal, gate. Everything is a function of the request, so that a record of it is enough to make the very same
offspring again, bit for bit on one machine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.breeding.blend.linear import blend, check_compatible
from mixing.breeding.gate import GateReport, GateSet, Parents, examine, load_gate_set
from mixing.breeding.heal import HealReport, blend_outputs, heal
from mixing.breeding.inheritance import realized_inheritance
from mixing.breeding.outputs import one_thread
from mixing.breeding.ratio import Ratios
from mixing.errors import BreedingError
from mixing.mixers.base import Mixer
from mixing.mixers.zoo import content_hash, load_mixer
from mixing.training import feature_sets
from mixing.training.probe import answers as answers_of

logger = logging.getLogger(__name__)

RECORD_VERSION = 1
# When the planned ratio fails the gate: a bolder and a more timid one, then it is given up.
FACTORS = (1.0, 1.25, 0.75)


@dataclass(frozen=True)
class BreedingRequest:
    """What is to be bred.

    Attributes:
        loser, winner: weights files of the parents.
        ratios: the plan, shares of the winner.
        seed: of the healing.
        living: weights files of every living mixer; the offspring may not be a copy of any.
    """

    loser: Path
    winner: Path
    ratios: Ratios
    seed: int
    living: tuple[Path, ...]


@dataclass(frozen=True)
class BreedingResult:
    """How it went; `offspring` is None where the gate rejected every attempt.

    Attributes:
        realized: the winner's measured share per group on the probe set; None where the parents do not differ.
        gate: report of the last attempt.
        record: JSON-able; everything that `replay` needs, and what was measured.
    """

    offspring: Mixer | None
    hash: str
    ratios: Ratios
    realized: dict[str, float | None]
    gate: GateReport
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Family:
    loser: Mixer
    winner: Mixer


def breed(request: BreedingRequest, *, on_stage: Callable[[str], None] | None = None) -> BreedingResult:
    """Breed an offspring.

    Args:
        on_stage: told the name of each stage as it begins: blend, heal, gate.
    Raises: BreedingError or MixerFileError where the parents cannot be bred at all.
    """
    say = on_stage or (lambda stage: None)
    family = _load_family(request.loser, request.winner)
    heal_set, gate_set, probe = feature_sets.load("heal"), load_gate_set(), feature_sets.load("probe")
    with one_thread():
        heal_answers = [answers_of(m, heal_set.log_mel, heal_set.stats) for m in (family.loser, family.winner)]
        parents = _parents_at_gate(family, gate_set)
        living = _living_answers(request.living, gate_set)
        for factor in FACTORS:
            ratios = request.ratios if factor == 1.0 else request.ratios.scaled(factor)
            say("blend")
            child = _blended(family, ratios)
            say("heal")
            healing = heal(
                child,
                heal_set.log_mel,
                heal_set.stats,
                blend_outputs(heal_answers[0], heal_answers[1], ratios),
                seed=request.seed,
            )
            say("gate")
            gate = examine(
                child,
                parents,
                blend_outputs(parents.loser_clean, parents.winner_clean, ratios),
                living,
                gate_set,
                ratios,
            )
            if gate.passed:
                break
        answers = [answers_of(m, probe.log_mel, probe.stats) for m in (child, family.loser, family.winner)]
        realized = realized_inheritance(answers[0], answers[1], answers[2])
    digest = content_hash(child.network.state_dict())
    return BreedingResult(
        offspring=child if gate.passed else None,
        hash=digest if gate.passed else "",
        ratios=ratios,
        realized=realized,
        gate=gate,
        record=_record(request, family, ratios, healing, realized, digest),
    )


def replay(record: Mapping[str, Any], loser: Path, winner: Path) -> str:
    """Make the offspring of a record again and return its content hash.

    Raises: BreedingError where the parents are not the recorded ones or the record is of another version.
    """
    if record.get("version") != RECORD_VERSION:
        raise BreedingError(
            "The breeding record is of another version. Replay it with the release that wrote it.", code="version"
        )
    family = _load_family(loser, winner)
    for role, mixer in (("loser", family.loser), ("winner", family.winner)):
        if content_hash(mixer.network.state_dict()) != record[role]:
            raise BreedingError(f"The {role} is not the one on record. Restore its weights.", code="wrong_parent")
    heal_set = feature_sets.load("heal")
    ratios = Ratios.from_dict(record["ratios"])
    with one_thread():
        answers = [answers_of(m, heal_set.log_mel, heal_set.stats) for m in (family.loser, family.winner)]
        child = _blended(family, ratios)
        if record["heal"]["steps"]:
            heal(
                child,
                heal_set.log_mel,
                heal_set.stats,
                blend_outputs(answers[0], answers[1], ratios),
                seed=record["seed"],
                steps=record["heal"]["steps"],
            )
    return content_hash(child.network.state_dict())


def measure_inheritance(child: Path, loser: Path, winner: Path) -> dict[str, float | None]:
    """The winner's share per group in an offspring's answers on the probe set, from the three weights files."""
    probe = feature_sets.load("probe")
    with one_thread():
        answers = [answers_of(load_mixer(path), probe.log_mel, probe.stats) for path in (child, loser, winner)]
    return realized_inheritance(answers[0], answers[1], answers[2])


def _load_family(loser: Path, winner: Path) -> _Family:
    family = _Family(load_mixer(loser), load_mixer(winner))
    if family.loser.architecture != family.winner.architecture or family.loser.config != family.winner.config:
        raise BreedingError(
            "The parents have different architectures and cannot be blended. Let mixers of one kind battle.",
            code="incompatible",
        )
    check_compatible(family.loser.network.state_dict(), family.winner.network.state_dict())
    return family


def _blended(family: _Family, ratios: Ratios) -> Mixer:
    child = type(family.loser).from_config(family.loser.config.to_dict())
    weights = blend(family.loser.network.state_dict(), family.winner.network.state_dict(), ratios)
    child.network.load_state_dict(weights)
    return child


def _parents_at_gate(family: _Family, gate_set: GateSet) -> Parents:
    (loser_clean, loser_degraded), (winner_clean, winner_degraded) = map(
        gate_set.answers, (family.loser, family.winner)
    )
    return Parents(loser_clean, winner_clean, loser_degraded, winner_degraded)


def _living_answers(living: Sequence[Path], gate_set: GateSet) -> list[NDArray[np.float32]]:
    return [answers_of(load_mixer(path), gate_set.clean.log_mel, gate_set.clean.stats) for path in living]


def _record(
    request: BreedingRequest,
    family: _Family,
    ratios: Ratios,
    healing: HealReport,
    realized: dict[str, float | None],
    digest: str,
) -> dict[str, Any]:
    return {
        "version": RECORD_VERSION,
        "strategy": "linear",
        "loser": content_hash(family.loser.network.state_dict()),
        "winner": content_hash(family.winner.network.state_dict()),
        "requested": request.ratios.to_dict(),
        "ratios": ratios.to_dict(),
        "seed": request.seed,
        "heal": asdict(healing),
        "realized": realized,
        "torch": torch.__version__,
        "hash": digest,
    }
