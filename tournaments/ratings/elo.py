"""Live Elo with an uncertainty: the step of a vote follows from how much is known already, not from a constant K.

A mixer stands at a rating R with a variance D. One vote is a noisy measurement of the difference of two ratings, and
both take what it tells in proportion to their variances (a scalar Kalman step that forgets their covariance). With
q = ln 10 / 400 and E = 1 / (1 + 10^((R_b - R_a) / 400)), the expected score of a:

    s = w q^2 E (1 - E)                       information of the vote, w its weight
    n = 1 / s + D_a + D_b                     variance of the measured difference
    d = (S - E) / (q E (1 - E)) / n           S = 1, 0.5 or 0 for a win, a tie or a loss of a
    R_a += D_a d,   R_b -= D_b d,   D_i -= D_i^2 / n

Below, s / (1 + s (D_a + D_b)) stands for 1 / n, so that nothing is divided by zero where E is 0 or 1 within rounding.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Q = math.log(10.0) / 400.0
START_VARIANCE = 100.0**2
# However many votes a mixer has, it stays movable: tastes and fields change.
MIN_VARIANCE = 10.0**2
# What an offspring starts with above the winner that its loser learned from.
NEWBORN_BONUS = 10.0

SCORES: dict[str, float | None] = {"first": 1.0, "second": 0.0, "tie": 0.5, "neither": None}


class Standing(NamedTuple):
    """Where a mixer stands: rating and variance (in Elo points and their square), and the votes behind them."""

    rating: float
    variance: float
    n_votes: int = 0


def score_of(choice: str) -> float | None:
    """The score of the first of two mixers; None for a vote that moves nothing. Raises ValueError for other words."""
    if choice not in SCORES:
        raise ValueError(f"{choice!r} is no choice; there are {', '.join(SCORES)}")
    return SCORES[choice]


def expected_score(rating_a: float, rating_b: float) -> float:
    """The expected score of a against b, 0 to 1."""
    gap = (rating_b - rating_a) / 400.0
    # 10^309 is no float; the score is 0 within rounding long before.
    return 1.0 / (1.0 + 10.0**gap) if gap < 300.0 else 0.0


def update(a: Standing, b: Standing, *, score: float, weight: float) -> tuple[Standing, Standing]:
    """Both standings after one vote.

    Args:
        score: of a: 1, 0.5 or 0.
        weight: how much the vote counts, above 0; 1 is a usual vote.
    """
    expected = expected_score(a.rating, b.rating)
    information = weight * Q**2 * expected * (1.0 - expected)
    precision = 1.0 + information * (a.variance + b.variance)
    step = (score - expected) * weight * Q / precision
    return (
        _moved(a, a.variance * step, information / precision),
        _moved(b, -b.variance * step, information / precision),
    )


def _moved(standing: Standing, change: float, gain: float) -> Standing:
    variance = standing.variance - standing.variance**2 * gain
    return Standing(standing.rating + change, max(variance, MIN_VARIANCE), standing.n_votes + 1)
