"""Names for offspring: what it gained most, its family, and its generation."""

from __future__ import annotations

from collections.abc import Mapping

# A gain below this (in standard deviations of the champions) is not worth a name.
MIN_GAIN = 0.1

EPITHETS = {
    "stability": "Steady",
    "dynamics": "Lively",
    "modern_sound": "Polished",
    "warmth": "Warm",
    "precision": "Precise",
    "width": "Wide",
}
PLAIN = "Young"
NUMERALS = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """A positive number in Roman numerals."""
    digits = ""
    for value, numeral in NUMERALS:
        while number >= value:
            digits += numeral
            number -= value
    return digits


def largest_gain(child: Mapping[str, float], parents: list[Mapping[str, float]]) -> str | None:
    """The capability in which the child exceeds the better of its parents most, or None."""
    gains = {
        name: value - max(parent[name] for parent in parents)
        for name, value in child.items()
        if all(name in parent for parent in parents)
    }
    if not gains:
        return None
    best = max(gains, key=lambda name: (gains[name], name))
    return best if gains[best] >= MIN_GAIN else None


def family_of(nickname: str) -> str:
    """The part of a nickname that is handed down: its last word that is not a numeral."""
    words = [word for word in nickname.split() if not set(word) <= set("IVX")]
    return words[-1] if words else nickname


def name_offspring(
    *,
    child: Mapping[str, float],
    loser: Mapping[str, float],
    winner: Mapping[str, float],
    loser_nickname: str,
    winner_nickname: str,
    generation: int,
) -> str:
    """Name an offspring: "Warm Eddie-Muscle II" gained warmth, learned from Muscle and is of generation 2."""
    gain = largest_gain(child, [loser, winner])
    epithet = EPITHETS[gain] if gain is not None else PLAIN
    own, learned_from = family_of(loser_nickname).split("-")[0], family_of(winner_nickname).split("-")[0]
    family = own if own == learned_from else f"{own}-{learned_from}"
    return f"{epithet} {family} {roman(generation)}"
