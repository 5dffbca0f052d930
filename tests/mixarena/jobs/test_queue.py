"""Jobs are sent after the commit, a broker that is away stops nobody, and commands run their jobs themselves."""

from __future__ import annotations

import base64
import json
import logging

import pytest
import redis
from django.conf import settings
from django.db import transaction

from mixarena.jobs import queue
from mixarena.jobs.queue import LocalJobs, enqueue, local_jobs
from tests.services.redis_server import RedisServer

RENDER = "tournaments.tasks.render_mix"
PLAN = "tournaments.tasks.plan_mix"


def messages(queue_name: str) -> list[list[int]]:
    """The arguments of the messages that wait in a queue of the broker, oldest first."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        raw = client.lrange(queue_name, 0, -1)
    return [json.loads(base64.b64decode(json.loads(message)["body"]))[0] for message in raw][::-1]


@pytest.mark.django_db(transaction=True)
def test_a_job_is_sent_when_the_transaction_is_committed(redis_server: RedisServer) -> None:
    with transaction.atomic():
        enqueue(RENDER, 7)
        assert messages("render") == []
    assert messages("render") == [[7]]


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_rolled_back_transaction_is_never_sent(redis_server: RedisServer) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(RENDER, 7)
        raise RuntimeError
    assert messages("render") == []


@pytest.mark.django_db(transaction=True)
def test_a_job_goes_to_the_queue_of_its_kind(redis_server: RedisServer) -> None:
    enqueue(PLAN, 1)
    enqueue(RENDER, 2)
    assert (messages("neural"), messages("render")) == ([[1]], [[2]])


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_is_logged_and_found_again(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(RENDER, 1)
    redis_server.stop()
    with caplog.at_level(logging.WARNING, "mixarena.jobs.queue"):
        enqueue(RENDER, 2)
    assert RENDER in caplog.text
    redis_server.start()
    enqueue(RENDER, 3)
    assert messages("render")[-1] == [3]


@pytest.mark.django_db(transaction=True)
def test_without_an_address_nothing_is_sent_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "")
    monkeypatch.setattr(queue.current_app, "send_task", lambda *a, **k: pytest.fail("sent"))
    enqueue(RENDER, 1)


done: list[int] = []


def job(number: int) -> None:
    """Counts down, sending itself again."""
    done.append(number)
    if number:
        enqueue(JOB, number - 1)


JOB = f"{__name__}.job"


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


@pytest.mark.django_db(transaction=True)
def test_local_jobs_run_in_order_with_those_they_send() -> None:
    with local_jobs() as jobs:
        with transaction.atomic():
            enqueue(JOB, 2)
            enqueue(JOB, 10)
            jobs.drain()
            assert done == [], "nothing before the commit"
        jobs.drain_until(lambda: len(done) == 4, when_idle=lambda: pytest.fail("idle"))
    assert done == [2, 10, 1, 9]


@pytest.mark.django_db(transaction=True)
def test_a_waiting_job_is_not_added_twice() -> None:
    with local_jobs() as jobs:
        enqueue(JOB, 0)
        enqueue(JOB, 0)
        jobs.drain()
    assert done == [0]


@pytest.mark.django_db(transaction=True)
def test_waiting_for_another_process_asks_the_sweep() -> None:
    asked: list[int] = []

    def sweep() -> None:
        asked.append(1)
        if len(asked) == 2:
            enqueue(JOB, 0)

    with local_jobs() as jobs:
        jobs.drain_until(lambda: done == [0], when_idle=sweep)
    assert len(asked) == 2


@pytest.mark.django_db(transaction=True)
def test_jobs_go_to_the_broker_again_after_the_block(redis_server: RedisServer) -> None:
    with local_jobs() as jobs:
        assert isinstance(jobs, LocalJobs)
        enqueue(RENDER, 1)
    enqueue(RENDER, 2)
    assert messages("render") == [[2]]
