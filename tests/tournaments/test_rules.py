"""Votes by a rule: what each rule prefers, and that its votes are marked and repeatable."""

from __future__ import annotations

import pytest

from tests.factories import NOW, make_battle, make_mix, make_song, make_tournament
from tournaments.errors import NotYours
from tournaments.models import Ballot, Battle, Tournament, Vote
from tournaments.services.rules import RULES, vote_by_rule

pytestmark = pytest.mark.django_db


def make_automatic_battle(
    lufs: tuple[float, float] = (-14.0, -14.0), hz: tuple[float, float] = (1000.0, 1000.0), key: str = "key"
) -> Battle:
    tournament = make_tournament(song=make_song(), kind=Tournament.Kind.AUTOMATIC)
    first, second = (
        make_mix(song=tournament.song, report={"effective_lufs": lufs[i]}, centroid_hz=hz[i]) for i in range(2)
    )
    return make_battle(tournament=tournament, first=first, second=second, key=key)


def judge(battle: Battle, rule: str) -> Vote:
    return vote_by_rule(battle=battle, voter=battle.tournament.owner, rule=rule, now=NOW)


@pytest.mark.parametrize(
    ("rule", "lufs", "hz", "choice"),
    [
        ("first", (-14, -9), (1000, 2000), "first"),
        ("quieter", (-14, -9), (1000, 2000), "first"),
        ("quieter", (-9, -14), (1000, 2000), "second"),
        ("quieter", (-9, -9), (1000, 2000), "tie"),
        ("brighter", (-14, -9), (1000, 2000), "second"),
        ("brighter", (-14, -9), (2000, 1000), "first"),
        ("brighter", (-14, -9), (1000, 1000), "tie"),
    ],
)
def test_what_a_rule_prefers(rule: str, lufs: tuple[float, float], hz: tuple[float, float], choice: str) -> None:
    vote = judge(make_automatic_battle(lufs, hz), rule)
    assert vote.choice == choice
    assert vote.confidence == (0 if choice == "tie" else 100)
    assert vote.ballot.kind == Ballot.Kind.AUTOMATIC


def test_sides_do_not_matter_to_a_rule() -> None:
    swapped = set()
    for i in range(20):
        vote = judge(make_automatic_battle((-14, -9), key=f"swap-{i}"), "quieter")
        swapped.add(vote.ballot.is_swapped)
        assert vote.choice == "first"
    assert swapped == {True, False}


def test_random_is_drawn_from_the_battle() -> None:
    def choices() -> list[str]:
        found = []
        for i in range(20):
            battle = make_automatic_battle(key=f"random-{i}")
            found.append("first" if RULES["random"](battle) > 0 else "second")
            battle.delete()
        return found

    assert choices() == choices()
    assert set(choices()) == {"first", "second"}


def test_a_rule_does_not_vote_for_a_listener() -> None:
    battle = make_battle()
    with pytest.raises(NotYours):
        judge(battle, "first")
    assert not Vote.objects.exists()
