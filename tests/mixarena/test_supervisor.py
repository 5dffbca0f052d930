"""The supervisor restarts what dies, stops in order, and leaves nothing behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from mixarena.supervisor import MAX_BACK_OFF_S, ArenaRunsError, back_off_s, only_one_in
from tests.services.processes import ROOT, descendants, end, is_alive, spawn, wait_for

# A child writes a line for each start and, unless it is told to be deaf, for its end.
CHILD = textwrap.dedent("""
    import os, signal, subprocess, sys, time
    name, log, *flags = sys.argv[1:]
    def say(what):
        with open(log, "a") as file:
            file.write(f"{what} {name} {os.getpid()}\\n")
    def end(*_):
        say("end")
        sys.exit()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in flags else end)
    if "parent" in flags:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    say("start")
    if "fails" in flags:
        sys.exit(3)
    time.sleep(100)
""")
SUPERVISOR = textwrap.dedent("""
    import json, os, sys
    from mixarena.supervisor import Child, Supervisor
    code, log = sys.argv[1:3]
    Supervisor([
        Child(name, stage, [sys.executable, "-c", code, name, log, *flags], os.environ, grace_s=grace_s)
        for name, stage, grace_s, flags in json.loads(sys.argv[3])
    ]).run()
    print("stopped")
""")


class Family:
    """A supervisor in a process of its own, and what its children said."""

    def __init__(self, folder: Path) -> None:
        self.said = folder / "said"
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *children: tuple[str, str, float, list[str]]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SUPERVISOR, CHILD, str(self.said), json.dumps(children)]
        self.process = spawn(command, cwd=ROOT, log=self.output)
        names = {name for name, *_ in children}
        wait_for(lambda: {name for what, name, _ in self.lines() if what == "start"} == names, what="the children")
        return self.process

    def lines(self) -> list[tuple[str, str, int]]:
        if not self.said.exists():
            return []
        rows = [line.split() for line in self.said.read_text().splitlines()]
        return [(what, name, int(pid)) for what, name, pid in rows]

    def pids(self, name: str) -> list[int]:
        return [pid for what, who, pid in self.lines() if (what, who) == ("start", name)]


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    family = Family(tmp_path)
    yield family
    if family.process is not None:
        end(family.process)


def test_killed_child_is_started_again(family: Family) -> None:
    family.start(("a", "one", 1.0, []), ("b", "two", 1.0, []))
    os.kill(family.pids("a")[0], signal.SIGKILL)
    wait_for(lambda: len(family.pids("a")) == 2, what="the second start")
    assert is_alive(family.pids("a")[1])
    assert len(family.pids("b")) == 1


def test_what_a_dead_child_left_behind_is_killed(family: Family) -> None:
    family.start(("a", "one", 1.0, ["parent"]))
    (grandchild,) = descendants(family.pids("a")[0])
    os.kill(family.pids("a")[0], signal.SIGKILL)
    wait_for(lambda: not is_alive(grandchild), what="the end of the grandchild")


def test_child_that_keeps_failing_is_started_less_and_less_often(family: Family) -> None:
    family.start(("a", "one", 1.0, ["fails"]))
    wait_for(lambda: len(family.pids("a")) == 3, what="three starts")
    assert [back_off_s(n) for n in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert back_off_s(50) == MAX_BACK_OFF_S


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_in_the_opposite_order_without_a_traceback(family: Family, stop_signal: signal.Signals) -> None:
    supervisor = family.start(("redis", "1", 5.0, []), ("worker", "2", 5.0, []), ("web", "3", 5.0, []))
    supervisor.send_signal(stop_signal)
    assert supervisor.wait(20) == 0
    assert [name for what, name, _ in family.lines() if what == "end"] == ["web", "worker", "redis"]
    assert "Traceback" not in family.output.read_text()
    assert "stopped" in family.output.read_text()


def test_deaf_child_is_killed_after_its_grace(family: Family) -> None:
    supervisor = family.start(("a", "one", 0.5, ["deaf", "parent"]))
    (child,) = family.pids("a")
    everyone = [child, *descendants(child)]
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert len(everyone) == 2
    assert not any(is_alive(pid) for pid in everyone)


def test_second_signal_cuts_the_grace_short(family: Family) -> None:
    supervisor = family.start(("a", "one", 1000.0, ["deaf"]))
    supervisor.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        supervisor.wait(0.5)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert not is_alive(family.pids("a")[0])


def test_killed_supervisor_leaves_no_orphans(family: Family) -> None:
    supervisor = family.start(("a", "one", 1.0, ["deaf"]), ("b", "two", 1.0, []))
    children = descendants(supervisor.pid)
    assert len(children) == 2
    supervisor.kill()
    supervisor.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in children), what="the end of the children")


def test_lock_is_held_by_one_and_ends_with_it(tmp_path: Path) -> None:
    said = r"already running in .*\. Stop it first, or set VAR_DIR"
    with only_one_in(tmp_path), pytest.raises(ArenaRunsError, match=said), only_one_in(tmp_path):
        pass
    with only_one_in(tmp_path):
        pass
