"""Sending jobs to workers, and running them in this process where there is no worker.

A message is only the hint that a worker may look: what is left to do stands in the database. So a broker that is away
is logged and nothing more; the sweep sends again what nobody took.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeAlias

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

Job: TypeAlias = tuple[str, tuple[int, ...]]

# A connection that Redis has closed meanwhile shows only when it is used; the second try opens a new one.
RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
IDLE_S = 0.2


class LocalJobs:
    """Jobs that wait for this process, in the order in which they were sent; one that waits already is not added."""

    def __init__(self) -> None:
        self._waiting: dict[Job, None] = {}

    def add(self, job: Job) -> None:
        self._waiting.setdefault(job)

    def drain(self) -> None:
        """Run jobs, and the jobs they send, until none waits."""
        while self._waiting:
            self._run_next()

    def drain_until(self, is_done: Callable[[], bool], *, when_idle: Callable[[], object]) -> None:
        """Run jobs until the condition holds.

        Args:
            is_done: asked before every job.
            when_idle: called while there is no job and the condition does not hold: another process may have taken
                the row that is waited for, or have died with it. Usually the sweep.
        """
        while not is_done():
            if not self._waiting:
                when_idle()
            if self._waiting:
                self._run_next()
            else:
                time.sleep(IDLE_S)

    def _run_next(self) -> None:
        name, arguments = job = next(iter(self._waiting))
        del self._waiting[job]
        import_string(name)(*arguments)


_local_jobs: ContextVar[LocalJobs | None] = ContextVar("local_jobs", default=None)


@contextmanager
def local_jobs() -> Iterator[LocalJobs]:
    """Collect the jobs that are sent inside the block instead of handing them to the broker; the caller drains them.

    For commands that need no server. What is still waiting at the end of the block is left to the next sweep.
    """
    jobs = LocalJobs()
    token = _local_jobs.set(jobs)
    try:
        yield jobs
    finally:
        _local_jobs.reset(token)


def enqueue(task_name: str, *arguments: int) -> None:
    """Send a job once the current transaction has been committed. Never raises because of the broker.

    Args:
        task_name: import path of a Celery task, such as `tournaments.tasks.render_mix`.
        arguments: ids, never rows.
    """
    jobs = _local_jobs.get()
    job = (task_name, arguments)
    transaction.on_commit(partial(_send, job) if jobs is None else partial(jobs.add, job))


def _send(job: Job) -> None:
    if not settings.REDIS_URL:  # a command without a server: the workers of the next one find the row
        return
    name, arguments = job
    try:
        current_app.send_task(name, args=arguments, ignore_result=True, retry=True, retry_policy=RETRY_POLICY)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("not sent task=%s: %s", name, error)
