"""The mixers of one breeding: loser, winner, perhaps a guest and the founders, checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixing.breeding.blend.strategies import GUEST_SHARE, Strategy
from mixing.breeding.blend.tensors import check_compatible
from mixing.breeding.blend.weights import blend_weights
from mixing.breeding.heal import HealReport, blend_outputs, heal
from mixing.breeding.mutation import draw_mutation, mutated
from mixing.breeding.ratio import Ratios
from mixing.breeding.taste import TastePosterior
from mixing.errors import BreedingError
from mixing.mixers.base import Mixer
from mixing.mixers.zoo import content_hash, load_mixer
from mixing.training import feature_sets
from mixing.training.probe import answers as answers_of


@dataclass(frozen=True)
class Recipe:
    """How the parents' weights and answers become a child's.

    Attributes:
        parameters: of the strategy, all of them.
        seed: of the healing.
        mutation: shift of the healing target, (settings,), or None.
    """

    strategy: Strategy
    parameters: dict[str, float]
    ratios: Ratios
    seed: int
    mutation: NDArray[np.float32] | None

    @property
    def guest_share(self) -> float:
        """The guest's share in everything; 0 without one."""
        return self.parameters.get(GUEST_SHARE, 0.0)

    def target(self, answers: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """What a child should answer where its parents answer this, (songs, settings)."""
        return mutated(blend_outputs(answers, self.ratios, guest_share=self.guest_share), self.mutation)

    def mutating(self, taste: TastePosterior, heal_answers: Sequence[NDArray[np.float32]], attempt: int) -> Recipe:
        """The same with a step from the blend's style towards what may be liked.

        Args:
            heal_answers: of the parents on the heal set.
            attempt: at this breeding; each draws another step.
        """
        style = self.target(heal_answers).mean(axis=0)
        return replace(self, mutation=draw_mutation(taste, style, self.seed, attempt))


@dataclass(frozen=True)
class Family:
    """Loser, winner and, for strategies that need them, a guest and the founders."""

    parents: tuple[Mixer, ...]
    founders: tuple[Mixer, ...]

    def hashes(self) -> dict[str, Any]:
        """Who they are, for the record."""
        names = ("loser", "winner", "guest")
        own = {name: content_hash(m.network.state_dict()) for name, m in zip(names, self.parents, strict=False)}
        return own | {"founders": [content_hash(m.network.state_dict()) for m in self.founders]}

    def heal_answers(self) -> list[NDArray[np.float32]]:
        """The parents' answers on the heal set."""
        heal_set = feature_sets.load("heal")
        return [answers_of(mixer, heal_set.log_mel, heal_set.stats) for mixer in self.parents]

    def child(
        self, recipe: Recipe, heal_answers: Sequence[NDArray[np.float32]], *, steps: int | None = None
    ) -> tuple[Mixer, HealReport]:
        """Blend and heal a child.

        Args:
            heal_answers: of the parents, as `heal_answers` gives them.
            steps: of the healing, for a replay; 0 leaves it out.
        """
        child = type(self.parents[0]).from_config(self.parents[0].config.to_dict())
        weights = blend_weights(
            recipe.strategy,
            [mixer.network.state_dict() for mixer in self.parents],
            recipe.ratios,
            recipe.parameters,
            [mixer.network.state_dict() for mixer in self.founders],
        )
        child.network.load_state_dict(weights)
        if steps == 0:
            return child, HealReport(0, 0.0, 0.0)
        heal_set = feature_sets.load("heal")
        target = recipe.target(heal_answers)
        report = heal(child, heal_set.log_mel, heal_set.stats, target, seed=recipe.seed, steps=steps)
        return child, report


def load_family(
    loser: Path, winner: Path, *, guest: Path | None, founders: Sequence[Path], strategy: Strategy
) -> Family:
    """Load those whom the strategy needs.

    Raises: BreedingError where they cannot be blended, or a guest or founders are needed and missing.
    """
    if strategy.needs_guest and guest is None:
        raise BreedingError(
            f"The strategy {strategy.name} needs a third parent. Name a guest, or choose another.", code="bad_strategy"
        )
    if strategy.needs_base and not founders:
        raise BreedingError(
            f"The strategy {strategy.name} needs the founders. Seed the champions, or choose another.",
            code="bad_strategy",
        )
    paths = [loser, winner, *([guest] if strategy.needs_guest and guest is not None else [])]
    parents = tuple(load_mixer(path) for path in paths)
    bases = tuple(load_mixer(path) for path in founders) if strategy.needs_base else ()
    first = parents[0]
    for other in (*parents[1:], *bases):
        if other.architecture != first.architecture or other.config != first.config:
            raise BreedingError(
                "The parents have different architectures and cannot be blended. Let mixers of one kind battle.",
                code="incompatible",
            )
    check_compatible([mixer.network.state_dict() for mixer in (*parents, *bases)])
    return Family(parents, bases)
