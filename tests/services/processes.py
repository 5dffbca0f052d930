"""Real processes of the project, for tests that start and kill them."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from mixarena.supervisor import die_with

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def spawn(
    command: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    log: Path,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that leads its own group and ends, at the latest, with the thread that starts it.

    Its output goes to `log`.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
            user=user,
            group=user,
        )


def end(process: subprocess.Popen[bytes], *, grace_s: float = 15.0) -> int:
    """Ask a process to stop, kill its group if it does not, and return its exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def wait_for(condition: Callable[[], T], *, timeout_s: float = 30.0, what: str = "the condition") -> T:
    """Ask until the answer is true, and return it. Raises TimeoutError that names what was waited for."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except FileNotFoundError:
        return ""


class Arena:
    """Starts `manage.py arena` and other commands in one environment, and ends all of them."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.log = folder / "processes.log"
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['ARENA_PORT']}"

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `manage.py ARGUMENTS` and leave it running, e.g. `start("arena", "--only", "worker")`."""
        process = spawn([sys.executable, "manage.py", *arguments], environment=self.environment, log=self.log)
        self.processes.append(process)
        return process

    def manage(self, *arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run `manage.py ARGUMENTS` to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip

    def get(self, path: str) -> tuple[int, bytes]:
        """GET a path of the web server; status 0 while nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", int(self.environment["ARENA_PORT"]), timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def start_web(self) -> None:
        """Start the web server and wait until it answers."""
        self._collect_static_files()
        self.start("arena", "--only", "web")
        self.wait_for(lambda: self.get("/healthz")[0], what="the web server")

    def start_all(self) -> None:
        """Start web server, workers and scheduler and wait until the arena is healthy."""
        self._collect_static_files()
        self.start("arena")
        self.wait_for(lambda: self.get("/healthz")[0] == 200, what="a healthy arena")

    def wait_for(self, condition: Callable[[], T], *, timeout_s: float = 60.0, what: str = "the condition") -> T:
        """Like `wait_for`, and shows the end of the log when it takes too long."""
        try:
            return wait_for(condition, timeout_s=timeout_s, what=what)
        except TimeoutError as error:
            log = self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""
            raise TimeoutError(f"{error}; the processes said:\n{log}") from None

    def close(self) -> None:
        for process in self.processes:
            end(process)

    def _collect_static_files(self) -> None:
        """Once for all tests of a process; pages cannot be written without."""
        if not (Path(self.environment["VAR_DIR"]) / "static" / "staticfiles.json").exists():
            done = self.manage("collectstatic", "--noinput")
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
