"""How reliable a listener is, by answers to checks whose truth is known: pure functions of counts.

A check is right, wrong, or says nothing. Listeners who hear are told from those who do not by a Bayes factor: how well
their answers fit somebody whose rate of right answers is drawn from HEARING, against a mixture of three who do not
listen (CARELESS). If a hearing listener is left out once the factor falls to 1 / MAX_ODDS, then whatever the number of
answers and however often one looks, that befalls at most one in MAX_ODDS of them (Ville's inequality; A. Wald,
Sequential Tests of Statistical Hypotheses, 1945).

What is asked follows ITU-R BS.1534-3, 4.1.2 (assessors who miss hidden references too often are left out afterwards)
and BS.1116-3 (a hidden reference that sounds like the other side).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np


class CheckKind(StrEnum):
    """What is asked."""

    IDENTICAL = "identical"
    ANCHOR = "anchor"
    REPEAT = "repeat"


class Outcome(StrEnum):
    """What an answer says of its listener."""

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"


class Value(StrEnum):
    """Whether somebody's votes count; undecided, for want of evidence, they do."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    UNDECIDED = "undecided"


# Of one sound heard twice. Listeners lean a little even then; leaning in between says nothing.
MAX_LEAN, MIN_BELIEF = 20, 30
# Of a battle heard again: how sure an answer must be, and the first vote, for a change of mind to mean anything.
MIN_SURE, MIN_FIRST_SURE = 25, 50

# Beta priors of the rate of right among right and wrong, for listeners who hear: means of 90, 95 and 80 %.
HEARING: Mapping[CheckKind, tuple[float, float]] = {
    CheckKind.IDENTICAL: (18.0, 2.0),
    CheckKind.ANCHOR: (38.0, 2.0),
    CheckKind.REPEAT: (16.0, 4.0),
}
# The same rates where nobody listens: a slider anywhere, always one side for certain, always "can't tell".
CARELESS: tuple[Mapping[CheckKind, float], ...] = (
    {CheckKind.IDENTICAL: 0.22, CheckKind.ANCHOR: 0.475, CheckKind.REPEAT: 0.5},
    {CheckKind.IDENTICAL: 0.02, CheckKind.ANCHOR: 0.5, CheckKind.REPEAT: 0.02},
    {CheckKind.IDENTICAL: 0.98, CheckKind.ANCHOR: 0.02, CheckKind.REPEAT: 0.5},
)
# At most one hearing listener in so many is left out.
MAX_ODDS = 30.0
# Odds for hearing from which votes count without a doubt.
TRUSTED_ODDS = 10.0
# Answers that say something, before anything is decided.
MIN_CHECKS = 8

_GRID = np.linspace(0.0, 1.0, 2001)


@dataclass(frozen=True)
class Tally:
    """Right and wrong answers to one kind of check."""

    passed: int = 0
    failed: int = 0

    @property
    def n(self) -> int:
        return self.passed + self.failed


@dataclass(frozen=True)
class Reliability:
    """The share of right answers of a listener, 0 to 1: its posterior mean and lower 5 % bound."""

    mean: float
    low: float


def outcome_of(kind: CheckKind, choice: str, confidence: int, *, right: str = "") -> Outcome:
    """What an answer says.

    Args:
        choice: "a", "b", "tie" or "neither", as heard.
        confidence: 0 to 100 %.
        right: the side of the better sound, or of the one that was chosen before; empty where both are the same.
    """
    if choice == "neither":
        return Outcome.UNCLEAR
    if kind == CheckKind.IDENTICAL:
        if choice == "tie" or confidence <= MAX_LEAN:
            return Outcome.PASSED
        return Outcome.FAILED if confidence > MIN_BELIEF else Outcome.UNCLEAR
    if kind == CheckKind.REPEAT and (choice == "tie" or confidence < MIN_SURE):
        return Outcome.UNCLEAR
    return Outcome.PASSED if choice == right else Outcome.FAILED


def log10_odds(tallies: Mapping[CheckKind, Tally]) -> float:
    """The Bayes factor of hearing against not listening, as a power of ten; 0 without answers."""
    hearing = sum(
        _log_beta(a + tallies[kind].passed, b + tallies[kind].failed) - _log_beta(a, b)
        for kind, (a, b) in HEARING.items()
        if kind in tallies
    )
    careless = [
        sum(t.passed * math.log(rates[kind]) + t.failed * math.log1p(-rates[kind]) for kind, t in tallies.items())
        for rates in CARELESS
    ]
    highest = max(careless)
    mixed = highest + math.log(sum(math.exp(one - highest) for one in careless) / len(careless))
    return (hearing - mixed) / math.log(10.0)


def judge(tallies: Mapping[CheckKind, Tally], before: Value) -> Value:
    """Whether a listener's votes count, by the answers so far.

    Somebody who is left out stays so until hearing is at least as likely as not listening.
    """
    if sum(tally.n for tally in tallies.values()) < MIN_CHECKS:
        return before
    odds = log10_odds(tallies)
    if odds <= -math.log10(MAX_ODDS) or (before == Value.EXCLUDE and odds < 0.0):
        return Value.EXCLUDE
    return Value.INCLUDE if odds >= math.log10(TRUSTED_ODDS) else Value.UNDECIDED


@lru_cache(maxsize=1024)
def reliability(passed: int, failed: int) -> Reliability:
    """The posterior of the share of right answers from a flat prior, by summing its density over a grid."""
    with np.errstate(divide="ignore"):
        log_density = passed * np.log(_GRID) if passed else np.zeros_like(_GRID)
        if failed:
            log_density = log_density + failed * np.log1p(-_GRID)
    density = np.exp(log_density - log_density.max())
    below = np.cumsum(density) / density.sum()
    mean = (passed + 1) / (passed + failed + 2)
    return Reliability(mean, float(_GRID[int(np.searchsorted(below, 0.05))]))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
