"""The minimum requirements of EBU Tech 3342 (2023), clause 4, table 1, on signals made here.

Cases 5 and 6 are recordings of the EBU.
"""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.loudness import loudness_range_lu
from tests.signals import sine

RATE = 48_000
# Table 1: what the standard accepts.
TOLERANCE_LU = 1.0
TONE_S = 20.0


@pytest.mark.parametrize("times", [1, 2], ids=["once", "repeated"])
@pytest.mark.parametrize(
    ("levels_dbfs", "range_lu"),
    [
        pytest.param([-20.0, -30.0], 10.0, id="case 1"),
        pytest.param([-20.0, -15.0], 5.0, id="case 2"),
        pytest.param([-40.0, -20.0], 20.0, id="case 3"),
        pytest.param([-50.0, -35.0, -20.0, -35.0, -50.0], 15.0, id="case 4"),
    ],
)
def test_loudness_range_of_stepped_tones(levels_dbfs: list[float], range_lu: float, times: int) -> None:
    """Clause 4: the response stays as it is where the whole signal is repeated."""
    tones = [sine(1000.0, TONE_S, rate=RATE, level_dbfs=level) for level in levels_dbfs]
    found = loudness_range_lu(np.concatenate(tones * times, axis=1), RATE)
    assert found == pytest.approx(range_lu, abs=TOLERANCE_LU)
