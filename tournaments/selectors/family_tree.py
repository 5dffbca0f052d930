"""Who descends from whom: the whole arena's family, or one mixer's ancestors and descendants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from evolution.models import Mixer, Parentage
from tournaments.drawings.tree import Bond, Member, TreePicture, draw_tree
from tournaments.selectors.ratings import Score, scores

# How each capability is told in two letters. A capability's color is its place in this list.
CODES = {
    "warmth": "Wa",
    "width": "Wi",
    "precision": "Pr",
    "modern_sound": "Mo",
    "stability": "St",
    "dynamics": "Dy",
}
SERIES = {name: number for number, name in enumerate(CODES, start=1)}
# Where a parent's line arrives at its child: of the one that learned on the left, of its teacher on the right.
PORTS = {Parentage.Role.LOSER: -1, Parentage.Role.GUEST: 0, Parentage.Role.WINNER: 1}


@dataclass(frozen=True)
class Descent:
    """One parent of a mixer, and its realized share."""

    parent: Mixer
    role: str
    share: float

    @property
    def words(self) -> str:
        return f"{self.parent.nickname} ({round(100 * self.share)} %)"


@dataclass(frozen=True)
class Kin:
    """A member of the family with all its parents, also those that are not shown.

    Attributes:
        relation: to the mixer that the tree is about: "itself", "ancestor", "offspring"; empty in the whole family.
        capability: the one that it has most of; empty where nothing was measured.
        capability_score: standard deviations above the founders' mean; None where nothing was measured.
        score: None for a mixer that never entered the ledger.
    """

    mixer: Mixer
    url: str
    relation: str
    capability: str
    capability_score: float | None
    score: Score | None
    parents: tuple[Descent, ...]

    @property
    def is_retired(self) -> bool:
        return self.mixer.state == Mixer.State.RETIRED

    @property
    def origin(self) -> str:
        if self.mixer.is_champion:
            return "champion"
        return f"generation {self.mixer.generation}" if self.mixer.generation else "community"

    @property
    def code(self) -> str:
        return CODES.get(self.capability, "")

    @property
    def series(self) -> int:
        return SERIES.get(self.capability, 0)


@dataclass(frozen=True)
class FamilyTree:
    """Members by generation.

    Attributes:
        of: the mixer that it is about; None for the whole family.
        n_all: how many there would be without leaving anybody out.
    """

    kin: tuple[Kin, ...]
    of: Mixer | None
    n_all: int

    @property
    def n_hidden(self) -> int:
        return self.n_all - len(self.kin)

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        """Name, letters and color of every capability that is some member's strongest."""
        found = {kin.capability for kin in self.kin}
        return [(name, code, SERIES[name]) for name, code in CODES.items() if name in found]

    @cached_property
    def picture(self) -> TreePicture:
        shown = {kin.mixer.pk for kin in self.kin}
        return draw_tree(
            [_member(kin) for kin in self.kin],
            [
                Bond(descent.parent.pk, kin.mixer.pk, descent.share, PORTS[Parentage.Role(descent.role)])
                for kin in self.kin
                for descent in kin.parents
                if descent.parent.pk in shown
            ],
        )


def family_tree(*, of: Mixer | None = None, is_all: bool = False, at_most: int | None = None) -> FamilyTree:
    """Gather the family in a fixed number of queries.

    Args:
        of: only this mixer, its ancestors and its descendants.
        is_all: also retired mixers that no living one (nor `of`) descends from.
        at_most: only so many; those that are nearest to `of` stay, ancestors first.
    """
    links = list(Parentage.objects.order_by("pk").values_list("parent_id", "child_id", "role", "share"))
    upward, downward = _onward((child, parent) for parent, child, *_ in links), _onward(link[:2] for link in links)
    states = dict(Mixer.objects.order_by("pk").values_list("pk", "state"))
    living = [pk for pk, state in states.items() if state == Mixer.State.ACTIVE]
    wanted = set(states) if is_all else {*living, *_walk(living, upward)}
    if of is None:
        relations = dict.fromkeys(wanted, "")
        n_all = len(states)
    else:
        ancestors, descendants = _walk([of.pk], upward), _walk([of.pk], downward)
        relations = {of.pk: "itself"} | dict.fromkeys(ancestors, "ancestor")
        relations |= dict.fromkeys((pk for pk in descendants if pk in wanted), "offspring")
        n_all = 1 + len(ancestors) + len(descendants)
    relations = dict(list(relations.items())[:at_most])
    return FamilyTree(tuple(_kin(relations, [link for link in links if link[1] in relations])), of, n_all)


def _onward(steps: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    onward: dict[int, list[int]] = {}
    for here, there in steps:
        onward.setdefault(here, []).append(there)
    return onward


def _walk(starts: list[int], onward: Mapping[int, list[int]]) -> list[int]:
    """Everything else reachable from the starts, nearest first."""
    found = dict.fromkeys(starts)
    ring = starts
    while ring:
        ring = list(dict.fromkeys(there for here in ring for there in onward.get(here, ()) if there not in found))
        found.update(dict.fromkeys(ring))
    return list(found)[len(starts) :]


def _kin(relations: Mapping[int, str], links: list[tuple[int, int, str, float]]) -> list[Kin]:
    shown = ("slug", "nickname", "generation", "state", "is_champion", "capabilities")
    mixers = Mixer.objects.only(*shown).in_bulk({*relations, *(parent for parent, *_ in links)})
    found = scores(mixers.values())
    parents: dict[int, list[Descent]] = {}
    for parent, child, role, share in links:
        parents.setdefault(child, []).append(Descent(mixers[parent], role, share))
    kin = []
    for mixer in sorted((mixers[pk] for pk in relations), key=lambda m: (m.generation, m.pk)):
        capability = max(mixer.capabilities, key=lambda name: (mixer.capabilities[name], name), default="")
        kin.append(
            Kin(
                mixer=mixer,
                url=reverse("tournaments:mixer", args=[mixer.slug]),
                relation=relations[mixer.pk],
                capability=capability,
                capability_score=mixer.capabilities.get(capability),
                score=found.get(mixer.pk),
                parents=tuple(parents.get(mixer.pk, ())),
            )
        )
    return kin


def _member(kin: Kin) -> Member:
    mixer = kin.mixer
    state = "retired" if kin.is_retired else "living"
    rating = str(kin.score.rating) if kin.score else ""
    strongest = f"strongest in {kin.capability.replace('_', ' ')}" if kin.capability else "not measured"
    words = [mixer.nickname, kin.origin, state, strongest, *([f"rating {rating}"] if rating else [])]
    if kin.parents:
        words.append("from " + " and ".join(descent.words for descent in kin.parents))
    return Member(
        key=mixer.pk,
        label=mixer.nickname,
        note=" · ".join(filter(None, [kin.origin, state if kin.is_retired else rating])),
        title=", ".join(words),
        url=kin.url,
        generation=mixer.generation,
        code=kin.code,
        series=kin.series,
        is_subject=kin.relation == "itself",
        is_retired=kin.is_retired,
    )
