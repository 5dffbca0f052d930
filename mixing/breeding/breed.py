"""Breeding: an offspring made of a loser and a winner, or the reason why there is none.

Plan, blend, heal, gate. Everything is a function of the request, so that a record of it is enough to make the very same
offspring again, bit for bit on one machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.breeding.blend.strategies import DEFAULT, strategy_named
from mixing.breeding.family import Family, Recipe, load_family
from mixing.breeding.gate import GateReport, GateSet, Parents, examine, load_gate_set
from mixing.breeding.heal import HealReport
from mixing.breeding.inheritance import realized_inheritance
from mixing.breeding.outputs import one_thread
from mixing.breeding.ratio import Ratios
from mixing.breeding.taste import TastePosterior, measure_style
from mixing.errors import BreedingError
from mixing.mixers.base import Mixer
from mixing.mixers.zoo import content_hash, load_mixer
from mixing.training import feature_sets
from mixing.training.probe import answers as answers_of

RECORD_VERSION = 2
# What records of the first version did not say, because nothing else was possible then.
FIRST_VERSION = {"version": RECORD_VERSION, "parameters": {}, "founders": [], "mutation": None}
# When the planned ratio fails the gate: a bolder and a more timid one, then it is given up.
FACTORS = (1.0, 1.25, 0.75)


@dataclass(frozen=True)
class BreedingRequest:
    """What is to be bred.

    Attributes:
        loser, winner: weights files of the parents.
        ratios: the plan, shares of the winner.
        seed: of mutation and healing.
        living: weights files of every living mixer; the offspring may not be a copy of any.
        strategy, parameters: how weights are blended; see mixing.breeding.blend.strategies.
        guest: weights file of a third parent, for strategies that need one.
        founders: weights files of the champions, whose average is the base of some strategies.
        taste: of the genre; the offspring takes a small step of its own towards it. None for a plain blend.
    """

    loser: Path
    winner: Path
    ratios: Ratios
    seed: int
    living: tuple[Path, ...]
    strategy: str = DEFAULT
    parameters: Mapping[str, float] = field(default_factory=dict)
    guest: Path | None = None
    founders: tuple[Path, ...] = ()
    taste: TastePosterior | None = None


@dataclass(frozen=True)
class BreedingResult:
    """How it went; `offspring` is None where the gate rejected every attempt.

    Attributes:
        realized: the winner's measured share per group on the probe set; None where the parents do not differ.
        style: of the last attempt, (len(BUS_VECTOR),).
        gate: report of the last attempt.
        record: JSON-able; everything that `replay` needs, and what was measured.
    """

    offspring: Mixer | None
    hash: str
    ratios: Ratios
    realized: dict[str, float | None]
    style: NDArray[np.float32]
    gate: GateReport
    record: dict[str, Any] = field(default_factory=dict)


def breed(request: BreedingRequest, *, on_stage: Callable[[str], None] | None = None) -> BreedingResult:
    """Breed an offspring.

    Args:
        on_stage: told the name of each stage as it begins: blend, gate.
    Raises: BreedingError or MixerFileError where the parents cannot be bred at all.
    """
    say = on_stage or (lambda stage: None)
    strategy = strategy_named(request.strategy)
    parameters = strategy.checked(request.parameters)
    family = load_family(
        request.loser, request.winner, guest=request.guest, founders=request.founders, strategy=strategy
    )
    gate_set, probe = load_gate_set(), feature_sets.load("probe")
    with one_thread():
        heal_answers = family.heal_answers()
        twins = [gate_set.answers(mixer) for mixer in family.parents]
        living = _living_answers(request.living, gate_set)
        for attempt, factor in enumerate(FACTORS):
            ratios = request.ratios if factor == 1.0 else request.ratios.scaled(factor)
            recipe = Recipe(strategy, parameters, ratios, request.seed, None)
            if request.taste is not None:
                recipe = recipe.mutating(request.taste, heal_answers, attempt)
            say("blend")
            child, healing = family.child(recipe, heal_answers)
            say("gate")
            parents = _parents_at_gate(twins, recipe)
            gate = examine(child, parents, recipe.target(parents.clean), living, gate_set)
            if gate.passed:
                break
        own, loser, winner = (answers_of(mixer, probe.log_mel, probe.stats) for mixer in (child, *family.parents[:2]))
        realized = realized_inheritance(own, loser, winner)
        style = measure_style(child)
    digest = content_hash(child.network.state_dict())
    return BreedingResult(
        offspring=child if gate.passed else None,
        hash=digest if gate.passed else "",
        ratios=ratios,
        realized=realized,
        style=style,
        gate=gate,
        record=_record(request, family, recipe, healing, realized, digest),
    )


def replay(
    record: Mapping[str, Any], loser: Path, winner: Path, *, guest: Path | None = None, founders: Sequence[Path] = ()
) -> str:
    """Make the offspring of a record again and return its content hash.

    Raises: BreedingError where the parents are not the recorded ones or the record is of another version.
    """
    if record.get("version") == 1:
        record = dict(record) | FIRST_VERSION
    if record.get("version") != RECORD_VERSION:
        raise BreedingError(
            "The breeding record is of another version. Replay it with the release that wrote it.", code="version"
        )
    strategy = strategy_named(record["strategy"])
    family = load_family(loser, winner, guest=guest, founders=founders, strategy=strategy)
    for role, digest in family.hashes().items():
        if digest != record[role]:
            raise BreedingError(f"The {role} is not the one on record. Restore its weights.", code="wrong_parent")
    recipe = Recipe(
        strategy,
        strategy.checked(record["parameters"]),
        Ratios.from_dict(record["ratios"]),
        record["seed"],
        None if record["mutation"] is None else np.array(record["mutation"], np.float32),
    )
    with one_thread():
        child, _ = family.child(recipe, family.heal_answers(), steps=record["heal"]["steps"])
    return content_hash(child.network.state_dict())


def measure_inheritance(child: Path, loser: Path, winner: Path) -> dict[str, float | None]:
    """The winner's share per group in an offspring's answers on the probe set, from the three weights files."""
    probe = feature_sets.load("probe")
    with one_thread():
        answers = [answers_of(load_mixer(path), probe.log_mel, probe.stats) for path in (child, loser, winner)]
    return realized_inheritance(answers[0], answers[1], answers[2])


def _parents_at_gate(twins: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], recipe: Recipe) -> Parents:
    base, guest = recipe.ratios.base, recipe.guest_share
    shares = ((1.0 - guest) * (1.0 - base), (1.0 - guest) * base, guest)
    return Parents(
        clean=tuple(clean for clean, _ in twins),
        degraded=tuple(degraded for _, degraded in twins),
        shares=shares[: len(twins)],
    )


def _living_answers(living: Sequence[Path], gate_set: GateSet) -> list[NDArray[np.float32]]:
    return [answers_of(load_mixer(path), gate_set.clean.log_mel, gate_set.clean.stats) for path in living]


def _record(
    request: BreedingRequest,
    family: Family,
    recipe: Recipe,
    healing: HealReport,
    realized: dict[str, float | None],
    digest: str,
) -> dict[str, Any]:
    return {
        "version": RECORD_VERSION,
        "strategy": recipe.strategy.name,
        "parameters": recipe.parameters,
        **family.hashes(),
        "requested": request.ratios.to_dict(),
        "ratios": recipe.ratios.to_dict(),
        "seed": request.seed,
        "mutation": None if recipe.mutation is None else [float(x) for x in recipe.mutation],
        "heal": asdict(healing),
        "realized": realized,
        "torch": torch.__version__,
        "hash": digest,
    }
