"""The set-up makes everything that the arena needs, and the second time finds that it is there."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from evolution.models import Mixer
from tests.services.processes import Arena
from tournaments.models import Mix, Song

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_second_set_up_has_nothing_to_do(arena: Arena) -> None:
    first = arena.manage("set_up", timeout_s=300.0)
    assert first.returncode == 0, first.stderr
    assert "The demo song is ready, mixed by 5 champions." in first.stdout
    song = Song.objects.get(is_demo=True)
    assert song.mixes.filter(state=Mix.State.READY).count() == 5
    assert Mixer.objects.filter(is_champion=True).count() == 5
    # From here on without another process: what it makes is the same.
    second = StringIO()
    call_command("set_up", stdout=second)
    assert [line for line in second.getvalue().splitlines() if not line.startswith("Set up in")] == []
    # A mix that is missing is noticed.
    Mix.objects.filter(mixer__slug="elite-warrior").update(state=Mix.State.QUEUED)
    third = StringIO()
    call_command("set_up", stdout=third)
    assert "The demo song is ready" in third.getvalue()
    assert song.mixes.filter(state=Mix.State.READY).count() == 5
