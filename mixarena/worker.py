"""What a worker does beside its jobs: it warms its processes, says that it is alive, and begins with a sweep."""

from __future__ import annotations

import logging
import time
from typing import Any

import redis
from celery import Celery, bootsteps
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from mixarena.health import ALIVE_EVERY_S, ALIVE_FOR_S, QUEUES, alive_key
from mixarena.redis_client import connect
from mixarena.supervisor import die_with_parent
from mixarena.warm_up import warm_neural, warm_render

logger = logging.getLogger(__name__)


def queues_of(app: Celery) -> list[str]:
    """The queues that this worker serves."""
    return [queue for queue in QUEUES if queue in app.amqp.queues.consume_from]


class Alive(bootsteps.StartStopStep):
    """Writes the keys that the health check looks for, from the loop that takes the jobs: if it hangs, they expire."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        self.client = connect(settings.REDIS_URL)
        self.keys = [alive_key(queue) for queue in queues_of(worker.app)]
        self.timer = worker.timer.call_repeatedly(ALIVE_EVERY_S, self.beat)
        self.beat()

    def stop(self, worker: Any) -> None:
        self.timer.cancel()
        self.client.close()

    def beat(self) -> None:
        try:
            for key in self.keys:
                self.client.set(key, 1, ex=ALIVE_FOR_S)
        except redis.RedisError as error:
            logger.warning("no sign of life sent: %s", error)


def install(app: Celery, sweep: str, sweep_expires_s: float) -> None:
    """Add all of it to an application.

    Args:
        sweep: name of the task that looks for unfinished work.
    """
    app.steps["worker"].add(Alive)

    @worker_ready.connect(weak=False)
    def begin_with_sweep(**kwargs: Any) -> None:
        app.send_task(sweep, expires=sweep_expires_s)

    @worker_process_init.connect(weak=False)
    def warm(**kwargs: Any) -> None:
        """Runs in the child. Compiled or threaded code that ran in the parent would kill every child it forks."""
        die_with_parent()
        began = time.monotonic()
        for queue in queues_of(app):
            {"render": warm_render, "neural": warm_neural}[queue]()
        logger.info("worker process ready queues=%s seconds=%.1f", queues_of(app), time.monotonic() - began)
