"""Votes by a rule instead of an ear, for tournaments without a listener."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from tournaments.draws import generator_of
from tournaments.models import Battle, Mix, Vote
from tournaments.services.ballots import commit_ballot, issue_automatic_ballot

if TYPE_CHECKING:
    from accounts.models import User

# A rule has no doubts; its listener's habits are kept apart from those of people.
CONFIDENCE = 100


def _first(battle: Battle) -> float:
    return 1.0


def _random(battle: Battle) -> float:
    return generator_of("rule", battle.tournament.seed, battle.key).random() - 0.5


def _quieter(battle: Battle) -> float:
    return _loudness_lufs(battle.second) - _loudness_lufs(battle.first)


def _brighter(battle: Battle) -> float:
    return (battle.first.centroid_hz or 0.0) - (battle.second.centroid_hz or 0.0)


def _loudness_lufs(mix: Mix) -> float:
    """Of the mix as delivered, before previews are matched."""
    return float((mix.report or {})["effective_lufs"])


# Above 0 the first mix wins, below 0 the second; 0 is a tie.
RULES: dict[str, Callable[[Battle], float]] = {
    "first": _first,
    "random": _random,
    "quieter": _quieter,
    "brighter": _brighter,
}


def vote_by_rule(*, battle: Battle, voter: User, rule: str, now: datetime) -> Vote:
    """Judge an open battle of an automatic tournament.

    Args:
        battle: with its mixes and tournament.
        rule: a key of RULES.
    Raises: as `issue_automatic_ballot` and `commit_ballot`.
    """
    ballot = issue_automatic_ballot(battle=battle, voter=voter, now=now)
    preference = RULES[rule](battle)
    if preference == 0:
        return commit_ballot(token=ballot.token, voter=voter, choice="tie", confidence=0, now=now)
    is_a = (preference > 0) != ballot.is_swapped
    return commit_ballot(token=ballot.token, voter=voter, choice="a" if is_a else "b", confidence=CONFIDENCE, now=now)
