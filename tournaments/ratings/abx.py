"""The statistics of ABX tests: exact binomial probabilities, one-sided, since nobody hears worse than chance.

Source: Leventhal, "Type 1 and Type 2 Errors in the Statistical Analysis of Listening Tests", J. Audio Eng. Soc. 34(6),
1986, pp. 437-453.
"""

from __future__ import annotations

from math import comb, fsum

# The usual bar: how often a guesser may be taken for somebody who hears a difference.
ALPHA = 0.05


def p_value(n_right: int, n_trials: int) -> float:
    """How likely a guesser is to have at least so many right, 0 to 1.

    Args:
        n_right: 0 to n_trials.
        n_trials: at least 1.
    """
    return sum(comb(n_trials, k) for k in range(n_right, n_trials + 1)) / 2**n_trials


def is_passed(n_right: int, n_trials: int) -> bool:
    """Whether guessing is too unlikely an explanation: p below ALPHA."""
    return p_value(n_right, n_trials) < ALPHA


def needed(n_trials: int) -> int:
    """How many must be right to pass; for fewer than 5 trials more than there are, since nothing passes then."""
    return next(n for n in range(n_trials + 2) if is_passed(n, n_trials))


def power(n_trials: int, share: float) -> float:
    """How likely a listener is to pass who is right with a probability of `share`, 0 to 1, in each trial."""
    return fsum(
        comb(n_trials, k) * share**k * (1.0 - share) ** (n_trials - k) for k in range(needed(n_trials), n_trials + 1)
    )


def luck(n_tests: int) -> float:
    """How likely, at most, a guesser is to pass at least one of so many tests."""
    return 1.0 - (1.0 - ALPHA) ** n_tests


def odds(p: float) -> str:
    """A probability in words of percent: "39 %", "3.8 %", "0.3 %", "0.002 %"."""
    percent = 100.0 * p
    if percent >= 10.0:
        return f"{percent:.0f} %"
    # A tenth of a percent decides near the bar; below one percent the order of magnitude is what counts.
    return f"{percent:.1f} %" if percent >= 1.0 else f"{float(f'{percent:.1g}'):f}".rstrip("0") + " %"
