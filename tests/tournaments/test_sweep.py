"""Whatever a dead worker or a lost message left behind goes on, or is given up with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evolution.models import Breeding, Submission
from mixarena.jobs.leases import MAX_ATTEMPTS
from mixarena.jobs.queue import LocalJobs, local_jobs
from mixarena.jobs.steps import GAVE_UP
from tests.factories import (
    NOW,
    make_battle,
    make_breeding,
    make_mix,
    make_mixer,
    make_preview,
    make_song,
    make_tournament,
    make_user,
)
from tournaments.models import Analysis, Battle, Export, Mix, Preview, Song, Tournament
from tournaments.services import sweep as sweeping
from tournaments.services.sweep import sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def jobs() -> Iterator[LocalJobs]:
    with local_jobs() as jobs:
        yield jobs


def sent(jobs: LocalJobs) -> dict[str, int]:
    """Task names without their module, and the row of each."""
    return {name.rpartition(".")[2]: arguments[0] for name, arguments in jobs._waiting}


def test_every_kind_of_unfinished_work_is_sent_again(jobs: LocalJobs) -> None:
    song = make_song()
    rows = {
        "prepare_song": make_song(state=Song.State.UPLOADED),
        "analyze_song": Analysis.objects.create(song=song),
        "plan_mix": make_mix(song=song, state=Mix.State.QUEUED),
        "render_mix": make_mix(song=song, state=Mix.State.PLANNED),
        "cut_preview": make_preview(song=song, mix=make_mix(song=song), state=Preview.State.QUEUED),
        "make_export": Export.objects.create(mix=make_mix(song=song), format="flac"),
        "breed": make_breeding(),
        "check_submission": Submission.objects.create(
            author=make_user(), nickname="Mine", card="", weights="submissions/1", created_at=NOW
        ),
    }
    sweep()
    assert sent(jobs) == {}, "their messages are still on the way"
    for row in rows.values():
        type(row)._default_manager.update(queued_at=timezone.now() - timedelta(minutes=1))
    sweep()
    assert sent(jobs) == {name: row.pk for name, row in rows.items()}


def test_what_waits_for_a_song_is_left_alone_until_it_is_ready(jobs: LocalJobs) -> None:
    song = make_song(state=Song.State.UPLOADED)
    Analysis.objects.create(song=song)
    make_mix(song=song, state=Mix.State.QUEUED)
    for model in (Analysis, Mix):
        model._default_manager.update(queued_at=timezone.now() - timedelta(minutes=1))
    sweep()
    assert sent(jobs) == {}


def test_work_that_was_tried_too_often_is_given_up_with_a_reason(jobs: LocalJobs) -> None:
    dead: dict[str, Any] = {
        "attempts": MAX_ATTEMPTS,
        "lease_owner": "host:1:x",
        "lease_expires_at": timezone.now() - timedelta(seconds=1),
    }
    song = make_song(state=Song.State.UPLOADED, **dead)
    mix = make_mix(state=Mix.State.PLANNED, **dead)
    breeding = make_breeding(**dead)
    sweep()
    for row in (song, mix, breeding):
        row.refresh_from_db()
    assert (song.state, song.refusal) == (Song.State.FAILED, GAVE_UP)
    assert (mix.state, mix.reason) == (Mix.State.FAILED, GAVE_UP)
    assert (breeding.state, breeding.reason) == (Breeding.State.FAILED, GAVE_UP)
    assert sent(jobs) == {}


def test_a_tournament_between_rounds_goes_on(jobs: LocalJobs) -> None:
    song = make_song()
    mixers = [make_mixer(), make_mixer()]
    tournament = make_tournament(song=song, owner=song.owner, mixers=mixers)
    sweep()
    assert Battle.objects.get(tournament=tournament).number == 1
    sweep()
    assert Battle.objects.filter(tournament=tournament).count() == 1


def test_a_battle_that_nobody_opened_is_opened(jobs: LocalJobs, song: Song, mixes: tuple[Mix, Mix]) -> None:
    tournament = make_tournament(song=song, owner=song.owner, mixers=[mix.mixer for mix in mixes])
    battle = make_battle(
        tournament=tournament, first=mixes[0], second=mixes[1], state=Battle.State.PREPARING, level_lufs=None
    )
    sweep()
    battle.refresh_from_db()
    assert battle.state == Battle.State.OPEN


def test_one_that_cannot_go_on_does_not_hold_up_the_others(
    jobs: LocalJobs, song: Song, mixes: tuple[Mix, Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    battles = []
    for _ in range(2):
        tournament = make_tournament(song=song, owner=song.owner, mixers=[mix.mixer for mix in mixes])
        battles.append(
            make_battle(
                tournament=tournament, first=mixes[0], second=mixes[1], state=Battle.State.PREPARING, level_lufs=None
            )
        )
    open_if_ready = sweeping.open_if_ready

    def stumble(battle_id: int) -> bool:
        if battle_id == battles[0].pk:
            raise RuntimeError("stumbled")
        return open_if_ready(battle_id)

    monkeypatch.setattr(sweeping, "open_if_ready", stumble)
    sweep()
    states = [Battle.objects.get(pk=battle.pk).state for battle in battles]
    assert states == [Battle.State.PREPARING, Battle.State.OPEN]


def test_a_finished_tournament_is_left_alone(jobs: LocalJobs) -> None:
    mix = make_mix()
    tournament = make_tournament(
        song=mix.song, owner=mix.song.owner, state=Tournament.State.FINISHED, champion=mix, taken=mix
    )
    sweep()
    assert not Battle.objects.filter(tournament=tournament).exists()
