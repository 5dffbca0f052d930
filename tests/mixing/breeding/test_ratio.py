"""The plan of a breeding: bounded, and monotonic in what should matter."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixing.breeding.ratio import GROUP_BOUNDS, MAX_BASE, plan_ratios
from mixing.errors import BreedingError

shares = st.floats(0.0, 1.0)
gaps = st.floats(-2000.0, 2000.0)
scores = st.dictionaries(
    st.sampled_from(["modern_sound", "precision", "dynamics", "warmth", "width"]), st.floats(-5.0, 5.0)
)


def test_worked_example() -> None:
    ratios = plan_ratios(
        confidence=0.8,
        rating_gap=100.0,
        loser_capabilities={"warmth": 0.0, "width": 1.0},
        winner_capabilities={"warmth": 1.0, "width": 0.0},
    )
    assert ratios.base == pytest.approx(0.25 + 0.35 * 0.8 + 0.15 * 0.25)
    assert ratios.groups["saturation"] == pytest.approx(ratios.base + 0.15 * math.tanh(1.0))
    assert ratios.groups["stereo"] == ratios.base
    assert ratios.groups["tone"] == ratios.base


@given(shares, gaps, scores, scores)
def test_every_share_stays_in_bounds(
    confidence: float, gap: float, loser: dict[str, float], winner: dict[str, float]
) -> None:
    ratios = plan_ratios(confidence=confidence, rating_gap=gap, loser_capabilities=loser, winner_capabilities=winner)
    assert 0.25 <= ratios.base <= MAX_BASE
    assert all(GROUP_BOUNDS[0] <= share <= GROUP_BOUNDS[1] for share in ratios.groups.values())
    assert all(share >= ratios.base for share in ratios.groups.values())


@given(shares, shares, gaps)
def test_a_surer_vote_never_passes_on_less(a: float, b: float, gap: float) -> None:
    low, high = sorted((a, b))
    plans = [
        plan_ratios(confidence=c, rating_gap=gap, loser_capabilities={}, winner_capabilities={}) for c in (low, high)
    ]
    assert plans[0].base <= plans[1].base


@pytest.mark.parametrize(("confidence", "gap"), [(-0.1, 0.0), (1.1, 0.0), (math.nan, 0.0), (0.5, math.inf)])
def test_unusable_input_is_refused(confidence: float, gap: float) -> None:
    with pytest.raises(BreedingError):
        plan_ratios(confidence=confidence, rating_gap=gap, loser_capabilities={}, winner_capabilities={})


@given(shares, st.floats(0.1, 3.0))
def test_a_scaled_plan_stays_in_bounds(confidence: float, factor: float) -> None:
    plan = plan_ratios(confidence=confidence, rating_gap=0.0, loser_capabilities={}, winner_capabilities={})
    scaled = plan.scaled(factor)
    assert all(GROUP_BOUNDS[0] <= share <= GROUP_BOUNDS[1] for share in [scaled.base, *scaled.groups.values()])
