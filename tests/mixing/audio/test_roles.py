"""Roles by name and by sound."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.audio.roles import ROLES, guess_role
from tests.signals import sine

RATE = 44_100


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("01_Kick.wav", "drums"), ("Bass Drum.wav", "drums"), ("OH L.wav", "drums"), ("song/03 Snare top.aif", "drums"),
        ("BassDI.wav", "bass"), ("bass guitar", "bass"), ("808.wav", "bass"), ("Kontrabass.flac", "bass"),
        ("LeadVox_dbl.wav", "vocals"), ("BGV 2.wav", "vocals"), ("Gesang.mp3", "vocals"),
        ("E-Git links.wav", "guitar"), ("AcGtr1.wav", "guitar"), ("Rhodes.wav", "keys"), ("Synth pad.ogg", "keys"),
        ("violins.wav", "strings"), ("Shaker.wav", "percussion"), ("Conga-Hi.wav", "percussion"),
        ("brass.wav", "other"),
    ],
)  # fmt: skip
def test_names_tell(name: str, role: str) -> None:
    guess = guess_role(name, None, RATE)
    assert (guess.role, guess.why) == (role, "name")


def test_a_name_that_tells_nothing_leaves_it_to_the_sound() -> None:
    t = np.arange(6 * RATE) / RATE
    bursts = np.random.default_rng(0).standard_normal(t.size) * np.exp(-30.0 * (t % 0.4))
    kicks = 2.0 * np.sin(2 * np.pi * 60.0 * t) * np.exp(-15.0 * (t % 0.8))
    drums = (0.2 * (bursts + kicks))[None].astype(np.float32)
    assert guess_role("Audio 7.wav", drums, RATE).role == "drums"
    assert guess_role("Audio 7.wav", sine(55.0, 6.0, rate=RATE), RATE).role == "bass"
    assert guess_role("Audio 7.wav", sine(700.0, 6.0, rate=RATE), RATE).role == "other"
    assert guess_role("Audio 7.wav", drums, RATE).confidence <= 0.6


@pytest.mark.parametrize("n", [0, 1, 4000])
def test_silence_is_anything(n: int) -> None:
    guess = guess_role("??", np.zeros((2, n), dtype=np.float32), 8000)
    assert guess.role in ROLES
    assert guess.confidence == 0.0
