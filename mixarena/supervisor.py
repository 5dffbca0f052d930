"""Starts processes, keeps them running, and stops them in order.

Each child leads a session of its own, so that Ctrl-C reaches the supervisor alone and whatever a child leaves behind
can be killed with its process group. If the supervisor is killed, the kernel kills the children (Linux:
PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import FrameType

from mixing.errors import MixArenaError

logger = logging.getLogger(__name__)

MIN_BACK_OFF_S, MAX_BACK_OFF_S = 0.5, 30.0
STEADY_AFTER_S = 60.0
TICK_S = 0.1
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class ArenaRunsError(MixArenaError):
    """Another arena works in the same folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"An arena is already running in {folder}. Stop it first, or set VAR_DIR to another folder.",
            code="arena_runs",
        )


@contextmanager
def only_one_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with this process however it ends.

    Raises: ArenaRunsError if another process holds it.
    """
    with (folder / "arena.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArenaRunsError(folder) from None
        yield


def back_off_s(n_failures: int) -> float:
    """How long to wait before the next start after so many early deaths in a row (1 or more)."""
    return float(min(MIN_BACK_OFF_S * 2 ** (n_failures - 1), MAX_BACK_OFF_S))


@dataclass
class Child:
    """A process to keep running.

    Attributes:
        stage: neighbors of one stage stop together.
        grace_s: how long it may take to stop before its group is killed.
        is_ready: asked repeatedly after the start; the next child starts when it says yes.
        pass_fds: file descriptors that the process inherits.
    """

    name: str
    stage: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace_s: float = 5.0
    is_ready: Callable[[], bool] = lambda: True
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    n_failures: int = 0
    started_at: float = 0.0
    start_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.pass_fds,
            preexec_fn=die_with(os.getpid()),
        )
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def restart_if_dead(self) -> None:
        """Bury a child that died, and start it again once its back-off is over."""
        now = time.monotonic()
        if self.process is not None and not self.is_running():
            lived_s = now - self.started_at
            self.n_failures = 1 if lived_s >= STEADY_AFTER_S else self.n_failures + 1
            self.start_at = now + back_off_s(self.n_failures)
            logger.warning(
                "%s ended after %.0f s (%s), starts again in %.1f s",
                self.name, lived_s, self.process.returncode, self.start_at - now,
            )  # fmt: skip
            self.kill()
        if self.process is None and now >= self.start_at:
            self.start()

    def kill(self) -> None:
        """End what is left of its process group, at once."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


class Supervisor:
    """Runs children from `run()` until SIGINT, SIGTERM or SIGHUP; stops them in the opposite order."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.n_stop_signals = 0

    def run(self, on_tick: Callable[[], None] = lambda: None) -> None:
        """Start the children one after the other and keep them running. `on_tick` is called about every 0.1 s.

        A second stop signal cuts the graces short.
        """
        handlers = {sig: signal.signal(sig, self._on_signal) for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        started: list[Child] = []
        try:
            for child in self.children:
                started.append(child)
                child.restart_if_dead()
                while self.n_stop_signals == 0 and not child.is_ready():
                    self._tick(started)
            while self.n_stop_signals == 0:
                self._tick(started)
                on_tick()
        finally:
            for _, stage in groupby(reversed(started), key=lambda child: child.stage):
                self._stop(list(stage))
            for sig, handler in handlers.items():
                signal.signal(sig, handler)

    def _tick(self, children: Sequence[Child]) -> None:
        for child in children:
            child.restart_if_dead()
        time.sleep(TICK_S)

    def _stop(self, children: Sequence[Child]) -> None:
        """Ask the children to end; after the grace, or when they have gone, kill what is left of their groups."""
        asked_at = time.monotonic()
        for child in children:
            if child.process is not None and child.is_running():
                child.process.terminate()
        while any(
            child.is_running() and self.n_stop_signals < 2 and time.monotonic() - asked_at < child.grace_s
            for child in children
        ):
            time.sleep(TICK_S)
        for child in children:
            child.kill()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.n_stop_signals += 1


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends. Linux only; does nothing elsewhere."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def die_with(parent_pid: int) -> Callable[[], None]:
    """Make a `preexec_fn` that ties a new process to its parent, also when the parent ends in between."""

    def prepare() -> None:
        die_with_parent()
        if os.getppid() != parent_pid:  # it died before the line above
            os._exit(1)

    return prepare
