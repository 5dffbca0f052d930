"""A private Redis for tests that need a real one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import redis

from mixarena.arena import is_redis_up, redis_program
from tests.services.processes import end, spawn, wait_for


class RedisServer:
    """Listens on one Unix socket. A test may stop it and start it again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.socket = Path(url.removeprefix("unix://"))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            redis_program(),
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        folder = self.socket.parent
        self.process = spawn(command, cwd=folder, log=folder / "redis.log")
        wait_for(lambda: is_redis_up(self.url), what="Redis")

    def stop(self) -> None:
        if self.process is not None:
            end(self.process)
            self.process = None

    def flush(self) -> None:
        """Forget everything, so that a test starts from nothing."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
