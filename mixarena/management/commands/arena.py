"""`manage.py arena`: the whole arena on this machine, or one role of it."""

from __future__ import annotations

import argparse
import os
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mixarena import arena
from mixarena.supervisor import Child, Supervisor, only_one_in

HEALTH_EVERY_S = 0.3


class Command(BaseCommand):
    help = (
        "Run the arena: a private Redis (unless REDIS_URL names one), the workers, the scheduler and the web server. "
        "Ctrl-C stops all of them. With --only, one role on the Redis and database of REDIS_URL and DATABASE_URL."
    )
    requires_migrations_checks = False  # it has its own, which stops

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--only", choices=["web", "worker", "beat"], help="start this role alone")

    def handle(self, *, only: str | None, **options: Any) -> None:
        if only and not settings.REDIS_URL:
            raise arena.StartError(
                f"A single role ({only}) needs a Redis that it shares with the others. Set REDIS_URL to its address.",
                code="no_redis_url",
            )
        _refuse_old_database()
        with ExitStack() as stack:
            if only is None:
                stack.enter_context(only_one_in(settings.VAR_DIR))
            children: list[Child] = []
            redis_url = settings.REDIS_URL
            listening: socket.socket | None = None
            if only in (None, "web"):
                listening = stack.enter_context(arena.listen(settings.ARENA_HOST, settings.ARENA_PORT))
            if not redis_url:
                redis, redis_url = arena.private_redis(settings.VAR_DIR / "redis")
                children.append(redis)
            environment = {**os.environ, "REDIS_URL": redis_url, "PYTHONPATH": _python_path()}
            if only in (None, "worker"):
                children += arena.workers(environment)
            if only in (None, "beat"):
                children.append(arena.beat(environment))
            if listening is not None:
                children += arena.web(listening, environment)
            connection.close()
            self._run(children, is_announced=only is None)

    def _run(self, children: Sequence[Child], *, is_announced: bool) -> None:
        asked_at = 0.0
        waiting = is_announced

        def announce_when_healthy() -> None:
            nonlocal asked_at, waiting
            if waiting and time.monotonic() - asked_at >= HEALTH_EVERY_S:
                asked_at = time.monotonic()
                if arena.is_healthy():
                    waiting = False
                    self._announce()

        Supervisor(children).run(announce_when_healthy)
        self.stdout.write("The arena has stopped.")

    def _announce(self) -> None:
        self.stdout.write(self.style.SUCCESS(f"\nThe arena is open at {arena.shown_address()}  (Ctrl-C closes it)"))
        if not get_user_model().objects.filter(is_superuser=True).exists():
            self.stdout.write("Make the first curator's account with: .venv/bin/python manage.py createsuperuser")
        connection.close()


def _refuse_old_database() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise arena.StartError(
            "The database is not set up for this version. Run `make run`, or `manage.py set_up` and start again.",
            code="old_database",
        )


def _python_path() -> str:
    """The project's folder first, so that the children find it whatever their folder is."""
    return os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]))
