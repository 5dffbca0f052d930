"""What a listener's votes say about the mixers that they like: traits of mixers, by weighted averages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evolution.models import Mixer
from mixing.genres import GENRES
from tournaments.models import Ballot, TasteReset, Vote

if TYPE_CHECKING:
    from accounts.models import User

# Below so many decided votes that tell of a trait an average says nothing.
MIN_VOTES = 5
N_VOTES = 1000
# The picture: its width, and the leaning that lies at its edges.
WIDTH, EDGE = 160.0, 2.0
# Points of rating that a clear leaning is worth in the draw of a field, a unit of the trait; at most so many.
POINTS_PER_LEAN, MAX_POINTS = 30.0, 60.0


@dataclass(frozen=True)
class Lean:
    """Which way somebody's votes lean in one trait.

    Attributes:
        name: a measured trait (in standard deviations of the champions), an architecture, or a genre that a mixer was
            made for (1 if it is, 0 if not).
        value: mean of the preferred mixer's trait minus the other's, votes weighted by confidence.
        low, high: 95 % interval of it, by the normal approximation of a weighted mean.
        n_votes: in which the two mixers differed in it.
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
    """One lean a trait that enough votes tell of, the strongest first.

    Pairs and sides are drawn by chance, so a mean difference is a fair estimate of a direction.
    """
    votes = Vote.objects.filter(
        voter=user, ballot__kind__in=Ballot.BY_EAR, choice__in=[Vote.Choice.FIRST, Vote.Choice.SECOND]
    )
    since = TasteReset.objects.filter(user=user).values_list("at", flat=True).first()
    if since is not None:
        votes = votes.filter(created_at__gt=since)
    rows = list(
        votes.order_by("-pk").values_list("choice", "confidence", "battle__first__mixer", "battle__second__mixer")[
            :N_VOTES
        ]
    )
    traits = {
        mixer.pk: traits_of(mixer)
        for mixer in Mixer.objects.filter(pk__in={pk for row in rows for pk in row[2:]}).only(
            "architecture", "genres", "capabilities"
        )
    }
    found: dict[str, list[tuple[float, float]]] = {}
    for choice, confidence, first, second in rows:
        preferred, other = (first, second) if choice == Vote.Choice.FIRST else (second, first)
        for name, difference in _differences(traits[preferred], traits[other]):
            found.setdefault(name, []).append((confidence / 100.0, difference))
    result = [_lean(name, pairs) for name, pairs in found.items() if len(pairs) >= MIN_VOTES]
    return tuple(sorted((lean for lean in result if lean is not None), key=lambda lean: (-abs(lean.value), lean.name)))


def traits_of(mixer: Mixer) -> dict[str, float]:
    """What can be preferred in a mixer, by name."""
    return {
        **mixer.capabilities,
        mixer.get_architecture_display(): 1.0,
        **{f"made for {GENRES.get(genre, genre)}": 1.0 for genre in mixer.genres},
    }


def liking_points(found: Iterable[Lean], mixer: Mixer) -> float:
    """How much more than its rating a mixer promises this listener: points for each clear leaning that it meets."""
    traits: Mapping[str, Any] = traits_of(mixer)
    points = POINTS_PER_LEAN * sum(lean.value * traits.get(lean.name, 0.0) for lean in found if lean.is_clear)
    return min(max(points, -MAX_POINTS), MAX_POINTS)


def _differences(preferred: Mapping[str, float], other: Mapping[str, float]) -> list[tuple[str, float]]:
    """By trait; those in which two mixers are alike tell nothing."""
    names = sorted(preferred.keys() | other.keys())
    pairs = ((name, preferred.get(name, 0.0) - other.get(name, 0.0)) for name in names)
    return [(name, difference) for name, difference in pairs if difference]


def _x(value: float) -> float:
    return WIDTH / 2.0 * (1.0 + min(max(value / EDGE, -1.0), 1.0))


def _lean(name: str, pairs: list[tuple[float, float]]) -> Lean | None:
    weights, differences = np.array(pairs).T
    if weights.sum() <= 0.0:
        return None
    mean = float(np.average(differences, weights=weights))
    n_effective = float(weights.sum() ** 2 / (weights**2).sum())
    variance = float(np.average((differences - mean) ** 2, weights=weights))
    if n_effective <= 1.5:
        return None
    margin = 1.96 * math.sqrt(variance / (n_effective - 1.0))
    return Lean(name, mean, mean - margin, mean + margin, len(pairs))
