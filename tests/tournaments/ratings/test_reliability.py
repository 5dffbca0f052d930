"""The rule that tells listeners from those who only click: what it costs the honest, and whom it finds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tournaments.ratings.reliability import (
    MIN_CHECKS,
    CheckKind,
    Outcome,
    Tally,
    Value,
    judge,
    log10_odds,
    outcome_of,
    reliability,
)

Answer = tuple[str, int]
Listener = Callable[[CheckKind, str, np.random.Generator], Answer]

N_CHECKS, N_LISTENERS = 12, 1000
# As the queue draws them.
KINDS, WEIGHTS = list(CheckKind), (0.45, 0.45, 0.1)
OTHER = {"a": "b", "b": "a"}


def slider(position: float) -> Answer:
    sure = min(round(abs(position)), 100)
    return ("tie", sure) if sure <= 5 else ("a" if position < 0 else "b", sure)


def honest(kind: CheckKind, right: str, rng: np.random.Generator) -> Answer:
    """Leans somewhere in half of the identical pairs (normal, 25 points), slips in one anchor of twenty, and changes
    one judgement of five on second hearing."""
    if kind == CheckKind.IDENTICAL:
        return ("tie", 0) if rng.random() < 0.5 else slider(rng.normal(0.0, 25.0))
    slips = rng.random() < (0.05 if kind == CheckKind.ANCHOR else 0.2)
    return OTHER[right] if slips else right, int(rng.uniform(10, 100))


def anywhere(kind: CheckKind, right: str, rng: np.random.Generator) -> Answer:
    return slider(rng.uniform(-100.0, 100.0))


def coin(kind: CheckKind, right: str, rng: np.random.Generator) -> Answer:
    return "ab"[rng.integers(2)], int(rng.uniform(50, 100))


def always_a(kind: CheckKind, right: str, rng: np.random.Generator) -> Answer:
    # A repeat has its sides changed: whoever said A before should say B.
    return (OTHER[right] if kind == CheckKind.REPEAT else "a"), 100


def never_tells(kind: CheckKind, right: str, rng: np.random.Generator) -> Answer:
    return "tie", 0


def verdicts(listener: Listener, n_checks: int, seed: int) -> list[Value]:
    """What the rule says after each answer that tells something."""
    rng = np.random.default_rng(seed)
    tallies = dict.fromkeys(CheckKind, Tally())
    values = [Value.UNDECIDED]
    while len(values) <= n_checks:
        kind = KINDS[int(rng.choice(3, p=WEIGHTS))]
        right = "" if kind == CheckKind.IDENTICAL else "ab"[rng.integers(2)]
        choice, confidence = listener(kind, right, rng)
        outcome = outcome_of(kind, choice, confidence, right=right)
        if outcome == Outcome.UNCLEAR:
            continue
        before = tallies[kind]
        is_right = outcome == Outcome.PASSED
        tallies[kind] = Tally(before.passed + is_right, before.failed + (not is_right))
        values.append(judge(tallies, values[-1]))
    return values


def test_the_honest_are_hardly_ever_left_out() -> None:
    runs = [verdicts(honest, 30, seed) for seed in range(N_LISTENERS)]
    after = np.mean([run[N_CHECKS] == Value.EXCLUDE for run in runs])
    ever = np.mean([Value.EXCLUDE in run for run in runs])
    trusted = np.mean([run[N_CHECKS] == Value.INCLUDE for run in runs])
    print(f"honest: left out after {N_CHECKS} {after:.4f}, ever within 30 {ever:.4f}, trusted {trusted:.3f}")
    assert after < 0.01
    assert ever < 0.01
    assert trusted > 0.9


@pytest.mark.parametrize("listener", [anywhere, coin, always_a, never_tells])
def test_whoever_does_not_listen_is_left_out(listener: Listener) -> None:
    found = np.mean([verdicts(listener, N_CHECKS, seed)[-1] == Value.EXCLUDE for seed in range(N_LISTENERS)])
    print(f"{listener.__name__}: left out after {N_CHECKS} {found:.4f}")
    assert found > 0.9


def test_too_few_answers_decide_nothing_and_good_ones_bring_back() -> None:
    wrong = {CheckKind.ANCHOR: Tally(0, MIN_CHECKS - 1)}
    assert judge(wrong, Value.UNDECIDED) == Value.UNDECIDED
    assert judge({CheckKind.ANCHOR: Tally(0, MIN_CHECKS)}, Value.UNDECIDED) == Value.EXCLUDE
    better = {CheckKind.ANCHOR: Tally(8, 4), CheckKind.IDENTICAL: Tally(5, 0)}
    while log10_odds(better) < 0:
        assert judge(better, Value.EXCLUDE) == Value.EXCLUDE
        better[CheckKind.ANCHOR] = Tally(better[CheckKind.ANCHOR].passed + 1, 4)
    assert judge(better, Value.EXCLUDE) != Value.EXCLUDE


def test_the_factor_is_the_one_of_beta_binomials() -> None:
    tallies = {CheckKind.IDENTICAL: Tally(3, 1), CheckKind.ANCHOR: Tally(2, 2)}
    hearing = scipy.stats.betabinom(4, 18, 2).pmf(3) * scipy.stats.betabinom(4, 38, 2).pmf(2)
    rates = ((0.22, 0.475), (0.02, 0.5), (0.98, 0.02))
    careless = np.mean([scipy.stats.binom(4, i).pmf(3) * scipy.stats.binom(4, a).pmf(2) for i, a in rates])
    assert log10_odds(tallies) == pytest.approx(math.log10(hearing / careless))
    assert log10_odds({}) == 0.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_score_is_the_posterior_of_a_flat_prior(passed: int, failed: int) -> None:
    posterior = scipy.stats.beta(passed + 1, failed + 1)
    score = reliability(passed, failed)
    assert score.mean == pytest.approx(posterior.mean())
    assert score.low == pytest.approx(posterior.ppf(0.05), abs=0.002)


@pytest.mark.parametrize(
    ("kind", "answer", "right", "outcome"),
    [
        (CheckKind.IDENTICAL, ("tie", 0), "", Outcome.PASSED),
        (CheckKind.IDENTICAL, ("a", 20), "", Outcome.PASSED),
        (CheckKind.IDENTICAL, ("b", 25), "", Outcome.UNCLEAR),
        (CheckKind.IDENTICAL, ("a", 31), "", Outcome.FAILED),
        (CheckKind.ANCHOR, ("a", 10), "a", Outcome.PASSED),
        (CheckKind.ANCHOR, ("b", 10), "a", Outcome.FAILED),
        (CheckKind.ANCHOR, ("tie", 0), "a", Outcome.FAILED),
        (CheckKind.ANCHOR, ("neither", 0), "a", Outcome.UNCLEAR),
        (CheckKind.REPEAT, ("b", 60), "b", Outcome.PASSED),
        (CheckKind.REPEAT, ("a", 60), "b", Outcome.FAILED),
        (CheckKind.REPEAT, ("a", 20), "b", Outcome.UNCLEAR),
        (CheckKind.REPEAT, ("tie", 0), "b", Outcome.UNCLEAR),
    ],
)
def test_what_an_answer_says(kind: CheckKind, answer: Answer, right: str, outcome: Outcome) -> None:
    assert outcome_of(kind, answer[0], answer[1], right=right) == outcome
