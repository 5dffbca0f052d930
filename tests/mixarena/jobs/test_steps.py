"""A step leaves its row in an orderly state whatever happens to its work, and finds what was left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from mixarena.jobs.leases import MAX_ATTEMPTS, Lease, claim
from mixarena.jobs.queue import LocalJobs, local_jobs
from mixarena.jobs.steps import GAVE_UP, MAX_RESENT, RESEND_AFTER_S, Step
from mixing.errors import AudioError
from tests.factories import make_mix, make_mixer, make_song
from tournaments.models import Mix

pytestmark = pytest.mark.django_db(transaction=True)

work: Callable[[Mix, Lease], None]


def job(pk: int) -> None:
    """What a worker would call."""
    STEP.run(pk, work)


STEP = Step(task=f"{__name__}.job", model=Mix, state=Mix.State.QUEUED, failed_state=Mix.State.FAILED)
LONG_AGO = timedelta(seconds=RESEND_AFTER_S + 1)


@pytest.fixture
def jobs() -> Iterator[LocalJobs]:
    with local_jobs() as jobs:
        yield jobs


def set_work(function: Callable[[Mix, Lease], None]) -> None:
    global work
    work = function


def succeed(mix: Mix, lease: Lease) -> None:
    lease.finish(state=Mix.State.PLANNED)


def state_of(mix: Mix) -> tuple[str, str, int, str]:
    mix.refresh_from_db()
    return mix.state, mix.reason, mix.attempts, mix.lease_owner


def test_work_that_succeeds_takes_the_row_on(jobs: LocalJobs) -> None:
    mix = make_mix(state=Mix.State.QUEUED)
    set_work(succeed)
    STEP.send(mix.pk)
    jobs.drain()
    assert state_of(mix) == (Mix.State.PLANNED, "", 0, "")


def test_work_on_a_taken_row_is_not_begun() -> None:
    mix = make_mix(state=Mix.State.QUEUED)
    claim(Mix, mix.pk, state=Mix.State.QUEUED)
    STEP.run(mix.pk, lambda mix, lease: pytest.fail("begun"))


def test_a_refusal_fails_the_row_with_its_message(jobs: LocalJobs) -> None:
    def refuse(mix: Mix, lease: Lease) -> None:
        raise AudioError("It is silent. Choose another.", code="silent")

    mix = make_mix(state=Mix.State.QUEUED)
    set_work(refuse)
    STEP.send(mix.pk)
    jobs.drain()
    assert state_of(mix) == (Mix.State.FAILED, "It is silent. Choose another.", 0, "")


@pytest.mark.parametrize("error", [ValueError("oops"), AudioError("Busy. Wait.", code="busy", is_retryable=True)])
def test_what_may_pass_is_tried_again_and_given_up_in_the_end(jobs: LocalJobs, error: Exception) -> None:
    tried: list[int] = []

    def stumble(mix: Mix, lease: Lease) -> None:
        tried.append(mix.attempts)
        raise error

    mix = make_mix(state=Mix.State.QUEUED)
    set_work(stumble)
    STEP.send(mix.pk)
    jobs.drain()
    assert tried == list(range(1, MAX_ATTEMPTS + 1))
    assert state_of(mix) == (Mix.State.FAILED, GAVE_UP, 0, "")


def test_an_interrupted_command_frees_its_row() -> None:
    def interrupt(mix: Mix, lease: Lease) -> None:
        raise KeyboardInterrupt

    mix = make_mix(state=Mix.State.QUEUED)
    with pytest.raises(KeyboardInterrupt):
        STEP.run(mix.pk, interrupt)
    assert state_of(mix) == (Mix.State.QUEUED, "", 1, "")


def test_work_that_lost_its_lease_sends_nothing(jobs: LocalJobs) -> None:
    def lose(mix: Mix, lease: Lease) -> None:
        Mix.objects.filter(pk=mix.pk).update(lease_owner="somebody else")
        raise ValueError

    mix = make_mix(state=Mix.State.QUEUED)
    STEP.run(mix.pk, lose)
    assert not jobs._waiting
    assert state_of(mix) == (Mix.State.QUEUED, "", 1, "somebody else")


def test_a_row_that_nobody_took_is_sent_again(jobs: LocalJobs) -> None:
    fresh, forgotten = make_mix(state=Mix.State.QUEUED), make_mix(state=Mix.State.QUEUED)
    Mix.objects.filter(pk=forgotten.pk).update(queued_at=timezone.now() - LONG_AGO)
    set_work(succeed)
    assert STEP.resend() == 1
    jobs.drain()
    assert (state_of(fresh)[0], state_of(forgotten)[0]) == (Mix.State.QUEUED, Mix.State.PLANNED)


def test_a_row_that_was_just_sent_again_waits_its_turn(jobs: LocalJobs) -> None:
    mix = make_mix(state=Mix.State.QUEUED)
    Mix.objects.filter(pk=mix.pk).update(queued_at=timezone.now() - LONG_AGO)
    assert (STEP.resend(), STEP.resend()) == (1, 0)


def test_a_row_whose_worker_died_is_sent_again_at_once(jobs: LocalJobs) -> None:
    mix = make_mix(state=Mix.State.QUEUED)
    claim(Mix, mix.pk, state=Mix.State.QUEUED)
    assert STEP.resend() == 0, "its lease still holds"
    Mix.objects.filter(pk=mix.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    set_work(succeed)
    assert STEP.resend() == 1
    jobs.drain()
    assert state_of(mix)[0] == Mix.State.PLANNED


def test_a_row_that_killed_its_workers_is_given_up(jobs: LocalJobs) -> None:
    mix = make_mix(state=Mix.State.QUEUED)
    for _ in range(MAX_ATTEMPTS):
        claim(Mix, mix.pk, state=Mix.State.QUEUED)
        assert STEP.fail_exhausted() == 0, "its last attempt may still succeed"
        Mix.objects.filter(pk=mix.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert STEP.resend() == 0
    assert STEP.fail_exhausted() == 1
    assert state_of(mix) == (Mix.State.FAILED, GAVE_UP, 0, "")


def test_rows_that_cannot_be_worked_on_yet_are_left_alone(jobs: LocalJobs) -> None:
    waiting = Step(
        task=STEP.task, model=Mix, state=Mix.State.QUEUED, failed_state=Mix.State.FAILED, ready=Q(song__state="ready")
    )
    mix = make_mix(state=Mix.State.QUEUED, song=make_song(state="uploaded"))
    Mix.objects.filter(pk=mix.pk).update(queued_at=timezone.now() - LONG_AGO)
    assert (waiting.resend(), STEP.resend()) == (0, 1)


def test_one_sweep_sends_a_bounded_number(jobs: LocalJobs) -> None:
    mixer = make_mixer()
    for _ in range(MAX_RESENT + 1):
        make_mix(state=Mix.State.QUEUED, mixer=mixer, song=make_song(is_demo=True))
    Mix.objects.update(queued_at=timezone.now() - LONG_AGO)
    assert [STEP.resend(), STEP.resend()] == [MAX_RESENT, 1]
