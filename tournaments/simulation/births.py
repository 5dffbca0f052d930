"""Births in the simulation: planned, blended, healed and gated as in the arena, on fewer songs and in fewer steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixing.breeding.blend.strategies import DEFAULT, strategy_named
from mixing.breeding.blend.tensors import average
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.family import Recipe
from mixing.breeding.gate import COPY_DISTANCE, MAX_OFF_BLEND, MOVEMENT_SLACK_DB, REPAIR_SLACK
from mixing.breeding.heal import heal
from mixing.breeding.outputs import rms_distance
from mixing.breeding.ratio import Ratios, plan_ratios
from mixing.breeding.taste import TastePosterior
from mixing.mixers.base import Mixer
from mixing.training.probe import clean_movement_db
from tournaments.simulation.world import Agent, World

HEAL_STEPS = 40
# As in mixing.breeding.breed: a bolder and a more timid ratio where the plan fails the gate.
FACTORS = (1.0, 1.25, 0.75)


def give_birth(
    loser: Agent,
    winner: Agent,
    living: Sequence[Agent],
    *,
    key: int,
    confidence: float,
    rating_gap: float,
    seed: int,
    taste: TastePosterior | None,
) -> Agent | None:
    """Let the loser learn from the winner; None where the gate rejects every attempt.

    Args:
        key: of the offspring. seed: of its mutation and healing.
        confidence: of the vote, 0 to 1. rating_gap: the winner's rating minus the loser's.
        taste: of the genre, to mutate by; None for a plain blend.
    """
    plan = plan_ratios(confidence=confidence, rating_gap=rating_gap, loser_capabilities={}, winner_capabilities={})
    for attempt, factor in enumerate(FACTORS):
        ratios = plan if factor == 1.0 else plan.scaled(factor)
        recipe = Recipe(strategy_named(DEFAULT), {}, ratios, seed, None)
        parents = [loser.at_heal, winner.at_heal]
        if taste is not None:
            recipe = recipe.mutating(taste, parents, attempt)
        child = _blended([loser.mixer, winner.mixer], ratios)
        _heal(child, loser.world, recipe.target(parents), seed)
        agent = Agent(key, child, loser.world)
        if _passes(agent, loser, winner, recipe, living):
            return agent
    return None


def average_of(founders: Sequence[Agent], *, seed: int) -> Agent:
    """The founders' average: mean weights, healed to the mean of their answers."""
    world = founders[0].world
    child = type(founders[0].mixer).from_config(founders[0].mixer.config.to_dict())
    child.network.load_state_dict(average([founder.mixer.network.state_dict() for founder in founders]))
    mean = np.asarray(np.mean([founder.at_heal for founder in founders], axis=0), np.float32)
    _heal(child, world, mean, seed, n_steps=5 * HEAL_STEPS)
    return Agent(len(founders), child, world)


def _blended(parents: Sequence[Mixer], ratios: Ratios) -> Mixer:
    child = type(parents[0]).from_config(parents[0].config.to_dict())
    weights = blend_weights(strategy_named(DEFAULT), [m.network.state_dict() for m in parents], ratios, {})
    child.network.load_state_dict(weights)
    return child


def _heal(child: Mixer, world: World, target: NDArray[np.float32], seed: int, n_steps: int = HEAL_STEPS) -> None:
    heal(child, world.heal.log_mel, world.heal.stats, target, seed=seed, steps=n_steps)


def _passes(child: Agent, loser: Agent, winner: Agent, recipe: Recipe, living: Sequence[Agent]) -> bool:
    """The arena's checks that need no rendering; see mixing.breeding.gate."""
    clean = child.at_gate[0]
    if not np.isfinite(clean).all():
        return False
    if min(rms_distance(clean, other.at_gate[0]) for other in living) < COPY_DISTANCE:
        return False
    parents = [loser.at_gate[0], winner.at_gate[0]]
    if rms_distance(clean, recipe.target(parents)) > MAX_OFF_BLEND:
        return False
    share = recipe.ratios.base
    if child.repair > (1.0 - share) * loser.repair + share * winner.repair + REPAIR_SLACK:
        return False
    stats = child.world.gate_set.clean.stats
    moved = [float(np.mean(clean_movement_db(answers, stats))) for answers in (clean, *parents)]
    return moved[0] <= max(moved[1:]) + MOVEMENT_SLACK_DB
