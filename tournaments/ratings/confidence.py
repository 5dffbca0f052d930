"""How much a vote counts, from how sure its listener was, measured by that listener's own habits."""

from __future__ import annotations

from collections.abc import Sequence

# A listener who always says 100 % says no more by it than one who always says 60 %: only the rank among their own
# latest votes counts, and it means something once there are a few.
N_REMEMBERED = 50
N_NEEDED = 10


def vote_weight(confidence: int, earlier: Sequence[int]) -> float:
    """The weight of a vote: 0.5 plus the mid-rank of its confidence, hence 0.5 to 1.5 with a mean of 1.

    Args:
        confidence: of this vote, 0 to 100 %.
        earlier: the confidences of the listener's votes before it, newest last; only the last 50 are looked at.
    Returns: 1.0 while there are fewer than ten earlier ones.
    """
    recent = earlier[-N_REMEMBERED:]
    if len(recent) < N_NEEDED:
        return 1.0
    n_below = sum(other < confidence for other in recent)
    n_equal = sum(other == confidence for other in recent)
    return 0.5 + (n_below + 0.5 * n_equal) / len(recent)
