"""What everybody who judged a battle said of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tournaments.models import Battle, Vote


@dataclass(frozen=True)
class Camp:
    """Those who said the same."""

    label: str
    side: str
    n: int
    percent: int


@dataclass(frozen=True)
class Crowd:
    """The verdict of all who judged, under the letters that one visitor heard the sides by."""

    n: int
    camps: tuple[Camp, ...]


def crowd(battle: Battle, *, is_swapped: bool) -> Crowd:
    """Count all votes of a battle, the owner's and those of guests among them."""
    said = Counter(Vote.objects.filter(battle=battle).values_list("choice", flat=True))
    n = sum(said.values())
    first, second = ("b", "a") if is_swapped else ("a", "b")
    choices = {
        first: Vote.Choice.FIRST,
        second: Vote.Choice.SECOND,
        "tie": Vote.Choice.TIE,
        "none": Vote.Choice.NEITHER,
    }
    labels = {"a": "A", "b": "B", "tie": "Can’t tell", "none": "Neither"}
    return Crowd(
        n=n,
        camps=tuple(
            Camp(label, side, said[choices[side]], round(100 * said[choices[side]] / n) if n else 0)
            for side, label in labels.items()
        ),
    )
