"""The written rules for strips: what they do to a stem, and that the command that teaches them writes whole mixers."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from mixing.audio.features import MID_BANDS, STAT
from mixing.audio.roles import ROLES
from mixing.audio.scaling import STAT_CENTER
from mixing.console.spec import NEUTRAL_STRIP_VECTOR, MixSettings, StripSettings
from mixing.mixers.card import read_card
from mixing.mixers.zoo import load_mixer
from mixing.training.strip_rules import LEVEL_LEEWAY_LU, ROLE_LEVELS_LU, STRIP_STYLES, taught_strips
from mixing.training.strips import N_STEMS, made_up_song, mean_style

MODELS = Path(__file__).resolve().parents[3] / "models"
STYLE = mean_style()


def taught(*stems: tuple[str, float, np.ndarray]) -> tuple[StripSettings, ...]:
    roles = np.array([ROLES.index(role) for role, _, _ in stems])
    levels = np.array([level for _, level, _ in stems], dtype=np.float32)
    strips, reverb = taught_strips(np.stack([stats for _, _, stats in stems]), levels, roles, STYLE)
    return MixSettings().with_stems(strips, reverb).strips


def stats(**changes: float) -> np.ndarray:
    row = STAT_CENTER.copy()
    for name, value in changes.items():
        row[STAT[name]] = value
    return row


def test_a_level_near_its_role_is_the_authors_own() -> None:
    usual = ROLE_LEVELS_LU["vocals"]
    (near,) = taught(("vocals", usual + LEVEL_LEEWAY_LU, stats()))
    assert near.fader_db == pytest.approx(0.0, abs=1e-4)
    (soft,) = taught(("vocals", usual - 12.0, stats()))
    (loud,) = taught(("vocals", usual + 12.0, stats()))
    assert soft.fader_db > 1.0
    assert loud.fader_db < -1.0


def test_many_of_one_role_share_its_level() -> None:
    level = ROLE_LEVELS_LU["drums"] - 9.0
    alone = taught(("drums", level, stats()))[0]
    among = taught(*[("drums", level, stats())] * 8)[0]
    assert alone.fader_db > among.fader_db == pytest.approx(0.0, abs=1e-4)


def test_what_stands_out_is_cut_and_what_is_squashed_is_not_pressed() -> None:
    muddy = stats()
    muddy[MID_BANDS][8:12] += 12.0
    assert taught(("guitar", -8.0, muddy))[0].low_peak_db < -2.0
    assert taught(("guitar", -8.0, stats()))[0].low_peak_db > -1.0
    lively, squashed = taught(("drums", -6.0, stats(plr_db=18.0)), ("drums", -6.0, stats(plr_db=6.0)))
    assert lively.ratio > squashed.ratio == pytest.approx(1.0)


def test_mono_stems_spread_by_brightness_and_stereo_and_bass_stay() -> None:
    dark, bright = stats(is_mono=1.0), stats(is_mono=1.0)
    dark[MID_BANDS][18:] -= 30.0
    bright[MID_BANDS][:10] -= 30.0
    low, high, stereo, bass = taught(
        ("guitar", -8.0, dark), ("guitar", -8.0, bright), ("keys", -9.0, stats()), ("bass", -5.0, dark)
    )
    assert low.pan < -0.05 < 0.05 < high.pan
    assert (stereo.pan, bass.pan) == pytest.approx((0.0, 0.0), abs=1e-6)


def test_what_cannot_be_heard_is_left_alone() -> None:
    strips, _ = taught_strips(stats()[None], np.array([-60.0], dtype=np.float32), np.array([0]), STYLE)
    np.testing.assert_array_equal(strips[0], NEUTRAL_STRIP_VECTOR)


@pytest.mark.parametrize("n_stems", N_STEMS)
def test_every_made_up_song_has_a_lesson(n_stems: int) -> None:
    generator = np.random.default_rng(n_stems)
    song = made_up_song(np.tile(STAT_CENTER, (5, 1)), n_stems, generator)
    for style in STRIP_STYLES:
        strips, reverb = taught_strips(song.stats, song.levels_lu, song.roles, style)
        assert ((strips >= 0.0) & (strips <= 1.0)).all()
        MixSettings().with_stems(strips, reverb)


def test_the_command_writes_whole_mixers_and_keeps_their_bus(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS, models)
    before = load_mixer(models / "elite-warrior" / "weights.safetensors").network.state_dict()
    printed = io.StringIO()
    call_command("train_strips", "--models", str(models), "--steps", "2", stdout=printed, stderr=io.StringIO())
    assert printed.getvalue().count("from the rules") == len(STRIP_STYLES)
    card = read_card(models / "elite-warrior" / "card.toml")
    after = load_mixer(models / "elite-warrior" / "weights.safetensors", card).network.state_dict()
    assert card.training["strips"]["steps"] == 3
    changed = {name for name, tensor in after.items() if not bool((tensor == before[name]).all())}
    assert changed
    assert all(name.startswith("strips.") for name in changed)
    with pytest.raises(CommandError, match="below 1"):
        call_command("train_strips", "--steps", "0")
