"""A mixer's ancestors and descendants, for the family picture and its table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from evolution.models import Mixer, Parentage
from tournaments.drawings.family import Bond, FamilyPicture, Member, draw_family

# A picture with more members than this can be read by nobody; the nearest relatives stay.
MAX_MEMBERS = 60


@dataclass(frozen=True)
class Relative:
    """A row of the table that says the same as the picture."""

    mixer: Mixer
    relation: str
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """A picture and its table; both hold the mixer itself."""

    picture: FamilyPicture
    relatives: tuple[Relative, ...]


def family(mixer: Mixer) -> Family | None:
    """All relatives in the direct line, nearest first up to a limit; None for a mixer without any."""
    edges = list(Parentage.objects.values_list("parent", "child", "share", "role"))
    ancestors = _walk(mixer.pk, [(child, parent) for parent, child, _, _ in edges])
    descendants = _walk(mixer.pk, [(parent, child) for parent, child, _, _ in edges])
    kept = [mixer.pk, *ancestors, *descendants][:MAX_MEMBERS]
    if len(kept) == 1:
        return None
    mixers = {m.pk: m for m in Mixer.objects.filter(pk__in=kept).defer("card", "capabilities")}
    members = [
        Member(
            key=m.pk,
            label=m.nickname,
            note="champion" if m.is_champion else f"generation {m.generation}",
            url=reverse("tournaments:mixer", args=[m.slug]),
            generation=m.generation,
            is_subject=m.pk == mixer.pk,
            is_retired=m.state == Mixer.State.RETIRED,
        )
        for m in sorted(mixers.values(), key=lambda m: (m.generation, m.pk))
    ]
    bonds = [
        Bond(parent, child, share, role == Parentage.Role.WINNER)
        for parent, child, share, role in edges
        if parent in mixers and child in mixers
    ]
    relations = dict.fromkeys(ancestors, "ancestor") | dict.fromkeys(descendants, "offspring") | {mixer.pk: "itself"}
    return Family(
        picture=draw_family(members, bonds),
        relatives=tuple(
            Relative(
                mixer=mixers[member.key],
                relation=relations[member.key],
                parents=tuple(
                    f"{mixers[bond.parent].nickname} ({round(100 * bond.share)} %)"
                    for bond in bonds
                    if bond.child == member.key
                ),
            )
            for member in members
        ),
    )


def _walk(start: int, steps: Iterable[tuple[int, int]]) -> list[int]:
    """Everything reachable from `start`, nearest first."""
    onward: dict[int, list[int]] = {}
    for here, there in steps:
        onward.setdefault(here, []).append(there)
    found: dict[int, None] = {}
    ring = [start]
    while ring:
        ring = [there for here in ring for there in onward.get(here, []) if there not in found and there != start]
        found.update(dict.fromkeys(ring))
    return list(found)
