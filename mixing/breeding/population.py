"""Who goes on living: champions, newborns on probation, the best of every style niche, and the best of all.

A niche is the capability that a mixer has most of, or a genre. Keeping each one's best keeps kinds apart that the
overall rating would level: what one genre's listeners love and another's hate is mediocre to all of them together.
Source: J. Lehman, K. Stanley, Evolving a diversity of virtual creatures through novelty search and local competition,
GECCO 2011.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

SIZE = 24
N_PROBATION = 6
# With this many votes a newborn has had its chance.
PROBATION_VOTES = 10


@dataclass(frozen=True)
class Member:
    """A living mixer.

    Attributes:
        key: whatever names it.
        born: its place in the order of births.
        n_votes: that moved its rating.
        lower_bound: of how much it is liked over all genres, in any unit.
        capabilities: scores by name.
        by_genre: lower bounds of how much it is liked in genres.
    """

    key: int
    is_champion: bool
    born: int
    n_votes: int
    lower_bound: float
    capabilities: Mapping[str, float]
    by_genre: Mapping[str, float] = field(default_factory=dict)

    @property
    def niche(self) -> str:
        """The capability that it has most of; empty where nothing was measured."""
        return max(sorted(self.capabilities), key=lambda name: self.capabilities[name], default="")


def survivors(
    members: Sequence[Member], *, protected: Collection[int] = (), size: int = SIZE, has_niches: bool = True
) -> set[int]:
    """Keys of those who go on living; never more than `size` but for champions and the protected.

    Args:
        protected: keys of mixers that somebody needs right now.
        has_niches: whether each niche keeps its best one.
    """
    best_first = sorted(members, key=lambda m: (-m.lower_bound, m.key))
    kept = {m.key for m in members if m.is_champion or m.key in protected}
    young = sorted((m for m in members if not m.is_champion), key=lambda m: -m.born)
    waiting: list[Member] = [m for m in young if m.n_votes < PROBATION_VOTES][:N_PROBATION]
    if has_niches:
        niches: dict[str, Member] = {}
        for member in best_first:
            niches.setdefault(member.niche, member)
        waiting += niches.values()
        for genre in sorted({genre for member in members for genre in member.by_genre}):
            waiting.append(max(members, key=lambda m: (m.by_genre.get(genre, -math.inf), -m.key)))
    for member in (*waiting, *best_first):
        if len(kept) >= size:
            break
        kept.add(member.key)
    return kept
