"""Stems in a real browser: several files at once, roles corrected, and a first battle on what was made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.browser.chromium import chromium
from tests.browser.walk import sign_up, start, upload
from tests.services.processes import Arena
from tests.tournaments.sound import enter_champions, music
from tournaments.models import Song

pytestmark = pytest.mark.django_db(transaction=True)
RATE = 44_100


def test_a_musician_brings_stems(arena: Arena, tmp_path: Path) -> None:
    enter_champions()
    arena.start_all()
    paths = []
    for i, name in enumerate(("Night - Drums", "Night - Bass", "Night - Take 7")):
        paths.append(tmp_path / f"{name}.wav")
        sound = music(20.0, rate=RATE, seed=i + 1) * np.float32(0.5)
        soundfile.write(paths[-1], sound.T, RATE, subtype="PCM_24")
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        sign_up(page, arena.url, "ann")
        upload(page, arena.url, paths)
        expect(page.get_by_role("heading", name="Night")).to_be_visible()
        expect(page.get_by_label("What Night - Drums plays")).to_have_value("drums")
        page.get_by_label("What Night - Take 7 plays").select_option("vocals")
        expect(page.get_by_text("Saved. The mixers listen again.")).to_be_visible()
        start(page, genre="Rock", n_rounds=3)
        assert problems == []
    song = Song.objects.get()
    assert list(song.stems.values_list("role", flat=True)) == ["drums", "bass", "vocals"]
    settings = [mix.console_settings for mix in song.mixes.filter(state="ready")]
    assert len(settings) >= 2
    assert all(len(chosen["strips"]) == 3 for chosen in settings if chosen)
