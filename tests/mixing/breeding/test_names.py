"""Offspring's names say family, gain and generation."""

import pytest

from mixing.breeding.names import family_of, largest_gain, name_offspring, roman


@pytest.mark.parametrize(
    ("number", "numeral"), [(1, "I"), (4, "IV"), (8, "VIII"), (9, "IX"), (14, "XIV"), (29, "XXIX")]
)
def test_roman(number: int, numeral: str) -> None:
    assert roman(number) == numeral


def test_a_gain_is_measured_against_the_better_parent() -> None:
    child = {"warmth": 1.0, "width": 0.5}
    assert largest_gain(child, [{"warmth": 0.95, "width": 0.0}, {"warmth": 0.0, "width": 0.1}]) == "width"
    assert largest_gain(child, [{"warmth": 2.0, "width": 2.0}, {"warmth": 0.0, "width": 0.0}]) is None


def test_names_tell_the_family() -> None:
    name = name_offspring(
        child={"warmth": 1.0},
        loser={"warmth": 0.0},
        winner={"warmth": 0.5},
        loser_nickname="Steady Eddie",
        winner_nickname="Modern Muscle",
        generation=2,
    )
    assert name == "Warm Eddie-Muscle II"


def test_names_do_not_grow_over_generations() -> None:
    nickname = "Steady Eddie"
    for generation in range(1, 30):
        nickname = name_offspring(
            child={},
            loser={},
            winner={},
            loser_nickname=nickname,
            winner_nickname="Modern Muscle",
            generation=generation,
        )
    assert nickname == "Young Eddie-Muscle XXIX"
    assert family_of(nickname) == "Eddie-Muscle"
