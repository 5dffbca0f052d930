"""Realized inheritance reads the share back off outputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixing.breeding.inheritance import realized_inheritance
from mixing.console.spec import BUS_GROUP_INDICES, BUS_VECTOR

rng = np.random.default_rng(5)
LOSER, WINNER = rng.random((2, 12, len(BUS_VECTOR)), dtype=np.float32)


@given(st.floats(-0.5, 1.5))
def test_an_exact_blend_shows_its_share_in_every_group(share: float) -> None:
    child = LOSER + np.float32(share) * (WINNER - LOSER)
    measured = realized_inheritance(child, LOSER, WINNER)
    assert measured.keys() == BUS_GROUP_INDICES.keys()
    assert all(value == pytest.approx(share, abs=1e-5) for value in measured.values())


def test_what_lies_off_the_line_between_the_parents_does_not_count() -> None:
    way = WINNER - LOSER
    noise = rng.random(way.shape, dtype=np.float32) - 0.5
    for columns in BUS_GROUP_INDICES.values():
        index = list(columns)
        noise[:, index] -= way[:, index] * np.sum(noise[:, index] * way[:, index]) / np.sum(way[:, index] ** 2)
    measured = realized_inheritance(LOSER + 0.3 * way + noise, LOSER, WINNER)
    assert all(value == pytest.approx(0.3, abs=1e-4) for value in measured.values())


def test_groups_are_measured_apart() -> None:
    child = LOSER.copy()
    tone = list(BUS_GROUP_INDICES["tone"])
    child[:, tone] = WINNER[:, tone]
    measured = realized_inheritance(child, LOSER, WINNER)
    assert measured.pop("tone") == pytest.approx(1.0)
    assert all(value == pytest.approx(0.0) for value in measured.values())


def test_parents_that_agree_in_a_group_leave_nothing_to_inherit() -> None:
    winner = WINNER.copy()
    stereo = list(BUS_GROUP_INDICES["stereo"])
    winner[:, stereo] = LOSER[:, stereo]
    assert realized_inheritance(LOSER, LOSER, winner)["stereo"] is None
