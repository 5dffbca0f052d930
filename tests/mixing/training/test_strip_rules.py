"""The written rules for strips: what they do to a stem, and what the styles add."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mixing.audio.features import MID_BANDS, STAT
from mixing.audio.roles import ROLES
from mixing.audio.scaling import STAT_CENTER
from mixing.console.spec import NEUTRAL_STRIP_VECTOR, MixSettings, StripSettings
from mixing.training.strip_rules import STRIP_STYLES, StripStyle, ruled_strips, style_levels_lu, style_tone_db
from mixing.training.strips import BASE

STYLES = {style.slug: style for style in STRIP_STYLES}


def ruled(*stems: tuple[str, float, np.ndarray], style: StripStyle = BASE) -> tuple[StripSettings, ...]:
    roles = np.array([ROLES.index(role) for role, _, _ in stems])
    levels = np.array([level for _, level, _ in stems], dtype=np.float32)
    strips, reverb = ruled_strips(np.stack([stats for _, _, stats in stems]), levels, roles, style)
    return MixSettings().with_stems(strips, reverb).strips


def stats(**changes: float) -> np.ndarray:
    row = STAT_CENTER.copy()
    for name, value in changes.items():
        row[STAT[name]] = value
    return row


def test_what_is_squashed_is_not_pressed_further() -> None:
    lively, squashed = ruled(("drums", -6.0, stats(plr_db=18.0)), ("drums", -6.0, stats(plr_db=6.0)))
    assert lively.ratio > squashed.ratio == pytest.approx(1.0)


def test_mono_stems_spread_by_brightness_and_stereo_and_bass_stay() -> None:
    dark, bright = stats(is_mono=1.0), stats(is_mono=1.0)
    dark[MID_BANDS][18:] -= 30.0
    bright[MID_BANDS][:10] -= 30.0
    low, high, stereo, bass = ruled(
        ("guitar", -8.0, dark), ("guitar", -8.0, bright), ("keys", -9.0, stats()), ("bass", -5.0, dark)
    )
    assert low.pan < -0.05 < 0.05 < high.pan
    assert (stereo.pan, bass.pan) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_rules_leave_levels_and_tone_to_what_was_learned() -> None:
    (strip,) = ruled(("vocals", -30.0, stats()), style=STYLES["enhanced-enforcer"])
    assert (strip.fader_db, strip.low_shelf_db, strip.high_peak_db, strip.high_shelf_db) == pytest.approx(
        (0.0,) * 4, abs=1e-5
    )
    assert strip.high_pass_hz > 60.0


def test_what_cannot_be_heard_is_left_alone() -> None:
    strips, _ = ruled_strips(stats()[None], np.array([-60.0], dtype=np.float32), np.array([0]), BASE)
    np.testing.assert_array_equal(strips[0], NEUTRAL_STRIP_VECTOR)


def test_a_styles_offsets_go_to_the_roles_that_it_names() -> None:
    roles = torch.tensor([ROLES.index("drums"), ROLES.index("keys")])
    muscle = STYLES["enhanced-enforcer"]
    tone = style_tone_db(roles, muscle)
    assert float(tone[0, 2]) == pytest.approx(muscle.weight_db, abs=0.3)
    assert float(tone[1, 2]) == pytest.approx(0.0, abs=0.05)
    assert float(tone[1, -1]) == pytest.approx(muscle.air_db, abs=0.3)
    assert style_levels_lu(roles, muscle).tolist() == [1.0, 0.0]
    assert float(style_tone_db(roles, STYLES["elite-warrior"]).abs().max()) == 0.0
