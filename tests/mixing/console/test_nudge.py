"""Nudges: what each word does, strength, locks, values by hand, and that the result is always legal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.console.nudge import Nudge, is_amount, nudged
from mixing.console.parameter import GROUPS
from mixing.console.renderer import render
from mixing.console.spec import BUS, STRIP, BusSettings, DeliverySettings, MixSettings, ReverbSettings, StripSettings
from mixing.errors import SettingsError
from tests.signals import beat

MIX = MixSettings(
    bus=BusSettings(low_shelf_db=2.0, mid_peak_db=-3.0, glue_threshold_db=-4.0, glue_ratio=2.0, drive_db=4.0,
                    width_db=1.0, mono_below_hz=90.0),
    delivery=DeliverySettings(-12.0),
    reverb=ReverbSettings(level_db=-10.0),
    strips=(StripSettings(fader_db=-4.0, pan=0.5, send_db=-20.0, high_pass_hz=80.0), StripSettings(low_peak_db=3.0)),
)  # fmt: skip


def test_nothing_asked_is_nothing_done() -> None:
    assert nudged(MIX, Nudge()) == MIX


def test_no_strength_is_neutral_and_more_goes_further() -> None:
    off = nudged(MIX, Nudge(strength=0.0))
    for p in BUS:
        if is_amount(p):
            assert getattr(off.bus, p.name) == pytest.approx(p.neutral)
    for p in STRIP:
        if is_amount(p):
            assert getattr(off.strips[0], p.name) == pytest.approx(p.neutral)
    assert off.delivery == MIX.delivery
    assert nudged(MIX, Nudge(strength=0.5)).bus.mid_peak_db == pytest.approx(-1.5)
    assert nudged(MIX, Nudge(strength=1.5)).bus.mid_peak_db == pytest.approx(-4.5)
    assert nudged(MIX, Nudge(strength=1.5)).strips[0].pan == pytest.approx(0.75)
    assert nudged(MIX, Nudge(strength=0.5)).bus.mid_peak_hz == MIX.bus.mid_peak_hz


@pytest.mark.parametrize(
    ("word", "group", "section", "name"),
    [
        ("brightness", "tone", "bus", "high_shelf_db"),
        ("loudness", "level", "delivery", "loudness_lufs"),
        ("width", "stereo", "bus", "width_db"),
        ("punch", "dynamics", "bus", "glue_attack_ms"),
    ],
)
def test_each_word_moves_its_own_and_a_lock_holds_it(word: str, group: Any, section: str, name: str) -> None:
    def value(nudge: Nudge) -> float:
        return float(getattr(getattr(nudged(MIX, nudge), section), name))

    less, more = (value(Nudge(**{word: amount})) for amount in (-1.0, 1.0))  # type: ignore[arg-type]
    assert less < value(Nudge()) < more
    assert value(Nudge(**{word: 1.0}, locks=(group,))) == value(Nudge())  # type: ignore[arg-type]


def test_punch_is_how_far_attacks_stand_out() -> None:
    rate, period = 44_100, 22_050
    audio = beat(1, 6.0, rate=rate)
    bus = BusSettings(glue_threshold_db=-4.0, glue_ratio=3.0, glue_attack_ms=10.0)
    plain = MixSettings(bus, delivery=DeliverySettings(-24.0))

    def attack_db(punch: float) -> float:
        out, _ = render(audio, rate, nudged(plain, Nudge(punch=punch)))
        beats = out[0, : out.shape[1] // period * period].reshape(-1, period)
        return float(20.0 * np.log10(beats[:, : rate // 25].std() / beats[:, rate // 10 :].std()))

    less, plain_db, more = attack_db(-1.0), attack_db(0.0), attack_db(1.0)
    assert less < plain_db - 0.5
    assert more > plain_db + 0.5


def test_values_by_hand_win_and_are_checked() -> None:
    by_hand = Nudge(brightness=1.0, values={"bus.high_shelf_db": -2.0, "strips.1.fader_db": 3.0, "reverb.decay_s": 2.0})
    found = nudged(MIX, by_hand)
    assert (found.bus.high_shelf_db, found.strips[1].fader_db, found.reverb.decay_s) == (-2.0, 3.0, 2.0)
    for path, value in (
        ("bus.nothing", 1.0),
        ("strips.7.pan", 0.0),
        ("bus.drive_db", 99.0),
        ("bus.drive_db", math.nan),
    ):
        with pytest.raises(SettingsError):
            nudged(MIX, Nudge(values={path: value}))


@pytest.mark.parametrize("wrong", [{"strength": 1.6}, {"punch": 2.0}, {"width": math.nan}, {"locks": ("bass",)}])
def test_what_lies_outside_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Nudge(**wrong)


macro = st.floats(-1.0, 1.0)


@settings(max_examples=80, deadline=None)
@given(
    macro, macro, macro, macro, st.floats(0.0, 1.5), st.sets(st.sampled_from(GROUPS)),
    st.lists(st.floats(0.0, 1.0), min_size=len(BUS), max_size=len(BUS)),
)  # fmt: skip
def test_the_result_is_legal_and_survives_json(
    bright: float, loud: float, wide: float, punch: float, strength: float, locks: set[Any], at: list[float]
) -> None:
    bus = BusSettings(**{p.name: p.from_normalized(x) for p, x in zip(BUS, at, strict=True)})
    nudge = Nudge(bright, loud, wide, punch, strength, tuple(locks))
    assert Nudge.from_dict(nudge.to_dict()) == nudge
    found = nudged(MixSettings(bus, strips=MIX.strips), nudge)
    assert MixSettings.from_dict(found.to_dict()) == found
    for p in BUS:
        if p.group in locks:
            assert getattr(found.bus, p.name) == getattr(bus, p.name)
