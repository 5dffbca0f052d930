"""What a listener's votes say about the mixers that they like: measured traits, by weighted averages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tournaments.models import Ballot, Vote

if TYPE_CHECKING:
    from accounts.models import User

# Below so many decided votes an average says nothing.
MIN_VOTES = 5
N_VOTES = 1000
# The picture: its width, and how many standard deviations lie between its middle and its edges.
WIDTH, EDGE = 160.0, 2.0


@dataclass(frozen=True)
class Lean:
    """Which way somebody's votes lean in one trait, in standard deviations of the champions.

    Attributes:
        value: mean of the preferred mixer's trait minus the other's, votes weighted by confidence.
        low, high: 95 % interval of it, by the normal approximation of a weighted mean.
    """

    name: str
    value: float
    low: float
    high: float
    n_votes: int

    width = WIDTH
    zero = WIDTH / 2.0

    @property
    def at(self) -> float:
        """Where the value lies in the picture."""
        return _x(self.value)

    @property
    def from_x(self) -> float:
        """Where the interval begins in the picture."""
        return _x(self.low)

    @property
    def to_x(self) -> float:
        """Where the interval ends in the picture."""
        return _x(self.high)

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0.0 or self.high < 0.0


def leans(user: User) -> tuple[Lean, ...]:
    """One lean a measured trait, the strongest first; none before five decided votes that tell of it.

    A mean difference over votes is a fair estimate of a direction because pairs and sides are drawn by chance.
    """
    votes = (
        Vote.objects.filter(
            voter=user, ballot__kind=Ballot.Kind.LISTENER, choice__in=[Vote.Choice.FIRST, Vote.Choice.SECOND]
        )
        .order_by("-pk")
        .values_list(
            "choice", "confidence", "battle__first__mixer__capabilities", "battle__second__mixer__capabilities"
        )[:N_VOTES]
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for choice, confidence, first, second in votes:
        preferred, other = (first, second) if choice == Vote.Choice.FIRST else (second, first)
        for name in preferred.keys() & other.keys():
            found.setdefault(name, []).append((confidence / 100.0, preferred[name] - other[name]))
    rows = [_lean(name, pairs) for name, pairs in found.items() if len(pairs) >= MIN_VOTES]
    return tuple(sorted((row for row in rows if row is not None), key=lambda row: -abs(row.value)))


def _x(value: float) -> float:
    return WIDTH / 2.0 * (1.0 + min(max(value / EDGE, -1.0), 1.0))


def _lean(name: str, pairs: list[tuple[float, float]]) -> Lean | None:
    weights, differences = np.array(pairs).T
    if weights.sum() <= 0.0:
        return None
    mean = float(np.average(differences, weights=weights))
    n_effective = float(weights.sum() ** 2 / (weights**2).sum())
    variance = float(np.average((differences - mean) ** 2, weights=weights))
    margin = 1.96 * math.sqrt(variance / max(n_effective - 1.0, 1.0))
    return Lean(name, mean, mean - margin, mean + margin, len(pairs))
