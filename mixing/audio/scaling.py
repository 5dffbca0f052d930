"""Centers and scales that bring the measurements of a song to about -1..1 before a network sees them.

Fixed by hand from the corpus' typical values, not fitted: every mixer then reads the same numbers, and blending two
of them needs no care for differing statistics.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixing.audio.features import LEVELS, MID_BANDS, N_STATS, SHORT_TERM, SIDE_BANDS, STAT

CLIP = 4.0


def _scaling() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    center, scale = np.zeros(N_STATS, np.float32), np.ones(N_STATS, np.float32)
    center[MID_BANDS], scale[MID_BANDS] = -22.0, 8.0
    center[SIDE_BANDS], scale[SIDE_BANDS] = -32.0, 12.0
    center[LEVELS], scale[LEVELS] = 0.04, 0.05
    center[SHORT_TERM], scale[SHORT_TERM] = -1.0, 4.0
    for name, c, s in (
        ("loudness_lufs", -15.0, 5.0),
        ("range_lu", 7.0, 5.0),
        ("plr_db", 14.0, 4.0),
        ("level_spread_db", 5.0, 2.5),
        ("crest_low_db", 10.0, 3.0),
        ("crest_mid_db", 12.0, 3.0),
        ("crest_high_db", 13.0, 3.0),
        ("side_mid_low_db", -18.0, 10.0),
        ("side_mid_mid_db", -9.0, 7.0),
        ("side_mid_high_db", -7.0, 7.0),
        ("side_mid_db", -10.0, 7.0),
        ("balance_db", 0.0, 4.0),
        ("correlation", 0.7, 0.3),
        ("active_ratio", 0.9, 0.2),
        ("is_mono", 0.0, 1.0),
        ("rolloff_khz", 14.0, 3.0),
    ):
        center[STAT[name]], scale[STAT[name]] = c, s
    return center, scale


STAT_CENTER, STAT_SCALE = _scaling()
