"""The demo song is composed once, and mixed by every champion before anybody asks."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from evolution.models import Mixer
from mixing.demo_song import render
from mixing.demo_song.score import GENRE, TITLE
from tests.tournaments.sound import enter, write_music
from tournaments.models import Mix, Preview, Song

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """A short piece stands in for the composition, which has tests of its own. Lists where it was written."""
    written: list[Path] = []

    def write(folder: Path) -> Path:
        written.append(folder)
        return write_music(tmp_path / "second-wind.wav")

    monkeypatch.setattr(render, "write_demo_song", write)
    return written


def seed() -> str:
    printed = io.StringIO()
    call_command("seed_demo_song", stdout=printed)
    return printed.getvalue()


def test_a_first_battle_on_the_demo_song_can_begin_at_once(composed: list[Path]) -> None:
    for slug in ("enhanced-enforcer", "veteran-virtuoso"):
        enter(slug)
    assert "2 champions" in seed()
    song = Song.objects.get()
    assert (song.is_demo, song.owner, song.title, song.genre) == (True, None, TITLE, GENRE)
    assert song.state == Song.State.READY
    assert set(Mix.objects.values_list("state", flat=True)) == {Mix.State.READY}
    assert Preview.objects.filter(region="highlight", mix__isnull=False).count() == 2


def test_again_changes_nothing_and_a_new_champion_mixes_too(composed: list[Path]) -> None:
    enter("enhanced-enforcer")
    seed()
    before = list(Mix.objects.values("pk", "queued_at"))
    seed()
    assert list(Mix.objects.values("pk", "queued_at")) == before
    newcomer = enter("veteran-virtuoso")
    seed()
    assert Mix.objects.get(mixer=newcomer).state == Mix.State.READY
    assert len(composed) == 1
    assert Song.objects.count() == 1


def test_a_song_that_an_earlier_run_left_behind_is_taken_up(composed: list[Path]) -> None:
    enter("enhanced-enforcer")
    seed()
    Mix.objects.update(state=Mix.State.PLANNED)
    Song.objects.update(state=Song.State.UPLOADED)
    seed()
    assert Song.objects.get().state == Song.State.READY
    assert Mix.objects.get().state == Mix.State.READY
    assert Mixer.objects.count() == 1
