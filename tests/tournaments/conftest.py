"""A song that two real champions have mixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tournaments.sound import enter, mixed_song, write_music
from tournaments.models import Mix, Song


@pytest.fixture
def song(transactional_db: None, tmp_path: Path) -> Song:
    """Sixteen seconds, mixed by two champions that differ to the ear."""
    for slug in ("enhanced-enforcer", "veteran-virtuoso"):
        enter(slug)
    return mixed_song(write_music(tmp_path / "song.wav"))


@pytest.fixture
def mixes(song: Song) -> tuple[Mix, Mix]:
    """Its two mixes."""
    first, second = song.mixes.order_by("pk")
    return first, second
