"""A worker that is killed in the middle of a job delays the work, and nothing more.

The processes are real: the process that a row's lease names is killed, and the row must still be unfinished and in its
hands at that moment.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.db.models import QuerySet
from django.utils import timezone

from evolution.models import Breeding, Mixer
from mixarena.jobs.leases import MAX_ATTEMPTS, Leased
from mixarena.jobs.queue import local_jobs
from mixarena.jobs.steps import GAVE_UP
from tests.factories import make_user
from tests.services.processes import Arena, descendants, is_alive
from tests.tournaments.rounds import start, vote
from tests.tournaments.sound import RATE, enter, enter_champions, music, write_music
from tournaments.models import Battle, Entrant, LedgerEvent, Mix, Preview, Song
from tournaments.services.songs import add_song
from tournaments.services.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)

# Long enough for a rendering to be caught in the act: five minutes.
LOOP_S, N_LOOPS = 20.0, 15
# A lease runs out after 12 s, a sweep comes every 10 s; the rest is for a busy machine.
RESUMED_WITHIN_S = 90.0


def kill_holder(arena: Arena, row: Leased, *, state: str, after: str = "", is_whole_worker: bool = False) -> str:
    """Wait until a worker's process holds the row, kill that process in the act, and return the lease's owner.

    Args:
        state: out of which the job takes the row.
        after: an owner that was killed before.
        is_whole_worker: kill the worker that the process belongs to as well, so that nobody returns the message.
    """

    def holder() -> str:
        rows: QuerySet[Any] = type(row)._default_manager.filter(pk=row.pk)
        owner = rows.filter(state=state).values_list("lease_owner", flat=True).first()
        return owner if owner and owner != after else ""

    owner = arena.wait_for(holder, what=f"a worker to take {row!r}")
    pid = int(owner.split(":")[1])
    assert pid in [pid for process in arena.processes for pid in descendants(process.pid)]
    if is_whole_worker:
        os.kill(parent_of(pid), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    row.refresh_from_db()
    assert (row.state, row.lease_owner) == (state, owner), "the job was over before the kill"  # type: ignore[attr-defined]
    arena.wait_for(lambda: not is_alive(pid), what="the process to end")
    return owner


def write_long_song(path: Path) -> Path:
    soundfile.write(path, np.tile(music(LOOP_S), N_LOOPS).T, RATE)
    return path


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_worker_killed_while_rendering_delays_and_nothing_more(arena: Arena, tmp_path: Path) -> None:
    enter("enhanced-enforcer")
    enter("veteran-virtuoso")
    arena.start("arena", "--only", "worker")
    arena.start("arena", "--only", "beat")
    song = add_song(owner=make_user(), file=write_long_song(tmp_path / "a.wav"), name="a.wav")
    arena.wait_for(lambda: Mix.objects.filter(state=Mix.State.PLANNED).exists(), what="a mix to render")
    mix = Mix.objects.filter(state=Mix.State.PLANNED).order_by("pk")[0]
    kill_holder(arena, mix, state=Mix.State.PLANNED)

    def is_all_ready() -> bool:
        return Mix.objects.filter(song=song, state=Mix.State.READY).count() == 2

    arena.wait_for(is_all_ready, timeout_s=RESUMED_WITHIN_S, what="both mixes")
    assert Mix.objects.filter(song=song, lease_owner="").count() == Mix.objects.count() == 2
    assert Preview.objects.filter(state=Preview.State.READY).count() == Preview.objects.count() == 6
    files = {Path(preview.file.path) for preview in Preview.objects.all()}
    for file in files:
        assert soundfile.info(file).frames > 0
    assert {path for path in next(iter(files)).parent.iterdir() if mix.public_id.hex in path.name} <= files


def test_a_worker_killed_while_breeding_delays_and_nothing_more(arena: Arena, tmp_path: Path) -> None:
    enter_champions()
    with local_jobs() as jobs:
        owner = make_user()
        song = add_song(owner=owner, file=write_music(tmp_path / "a.wav"), name="a.wav")
        jobs.drain()
        tournament = start(owner, Song.objects.get(pk=song.pk), n_rounds=3, seed=1)
        jobs.drain()
    battle = tournament.battles.get()
    assert battle.state == Battle.State.OPEN
    arena.start("arena", "--only", "worker")
    arena.start("arena", "--only", "beat")
    vote(battle)
    breeding = Breeding.objects.get(key=battle.key)
    kill_holder(arena, breeding, state=Breeding.State.REQUESTED, is_whole_worker=True)

    def is_bred() -> bool:
        return Breeding.objects.filter(pk=breeding.pk).exclude(state=Breeding.State.REQUESTED).exists()

    arena.wait_for(is_bred, timeout_s=RESUMED_WITHIN_S, what="the offspring")
    breeding.refresh_from_db()
    assert (breeding.state, breeding.lease_owner) == (Breeding.State.BORN, "")
    offspring = Mixer.objects.get(generation=1)
    assert breeding.offspring == offspring
    assert offspring.parentages.count() == 2
    assert LedgerEvent.objects.filter(kind=LedgerEvent.Kind.BIRTH).count() == 1
    assert Entrant.objects.get(tournament=tournament, mixer=offspring).from_round == 3
    mixed = Mix.objects.filter(mixer=offspring, song=song, state=Mix.State.READY)
    arena.wait_for(mixed.exists, what="the offspring's mix")


def test_a_job_that_kills_its_worker_three_times_is_given_up_with_a_reason(arena: Arena, tmp_path: Path) -> None:
    arena.start("arena", "--only", "worker")
    song = add_song(owner=make_user(), file=write_long_song(tmp_path / "a.wav"), name="a.wav")
    owner = ""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        owner = kill_holder(arena, song, state=Song.State.UPLOADED, after=owner)
        song.refresh_from_db()
        assert song.attempts == attempt
        # The time that a lease takes to run out passes at once.
        Song.objects.filter(pk=song.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        sweep()
    song.refresh_from_db()
    assert (song.state, song.refusal, song.lease_owner) == (Song.State.FAILED, GAVE_UP, "")
