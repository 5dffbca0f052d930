"""A thousand people follow one shared battle: how soon they all see a change, and what that takes.

The arena's own web server (two processes, a private Redis, SQLite) and a thousand streams, each of somebody else, in a
third process. Votes are written as they come in from an audience, ten a second; before that, one at a time. At last
fifty strangers come by the pages themselves, judge at once, and send every vote twice. Run it as
`python -m tests.bench.bench_streams [streams]`.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.voters import vote_together

N_STREAMS = 1000
N_ALONE, ALONE_EVERY_S = 20, 1.0
N_BUSY, BUSY_EVERY_S = 100, 0.1
N_VOTERS = 50
N_OPENING = 50  # streams that are opened at once
SETTLE_S, LAST_S = 3.0, 3.0
TARGET_MS = 100.0
VOTES = re.compile(rb'"votes": {"1": (\d+)')
TICKS_S = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Receipts:
    """When each stream first heard of at least so many votes."""

    first: dict[int, list[float]] = field(default_factory=dict)
    n_events: int = 0
    n_lost: int = 0


def main() -> None:
    """Print the times, memory and CPU."""
    n_streams = int(sys.argv[1]) if len(sys.argv) > 1 else N_STREAMS
    with tempfile.TemporaryDirectory(prefix="ma-bench-") as folder:
        from tests.services.processes import Arena, free_port
        from tests.services.redis_server import RedisServer

        environment = {
            "VAR_DIR": folder,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
            "REDIS_URL": f"unix://{Path(folder) / 'redis.sock'}",
            "SECRET_KEY": "only-for-benchmarks-" + "x" * 32,
            "ARENA_PORT": str(free_port()),
            "WEB_PROCESSES": "2",
            "LOG_LEVEL": "WARNING",
        }
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="mixarena.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        redis, arena = RedisServer(environment["REDIS_URL"]), Arena(os.environ, Path(folder))
        try:
            redis.start()
            arena.start_web()
            measure(arena, n_streams)
        except Exception:
            print(arena.log.read_text(errors="replace")[-4000:])
            raise
        finally:
            arena.close()
            redis.stop()


def measure(arena: Any, n_streams: int) -> None:
    """Open the streams, let votes come in, and print what was seen."""
    from tests.factories import NOW, make_battle, make_tournament, make_user
    from tests.services.processes import command_line, descendants
    from tournaments.selectors.audience import channel_of, n_listeners
    from tournaments.services.sharing import share_tournament

    battle = make_battle(tournament=make_tournament())
    share = share_tournament(tournament=battle.tournament, name="", is_public=False, now=NOW)
    ballots = [_ballot(battle, make_user()) for _ in range(N_ALONE + N_BUSY)]
    web = [
        pid for process in arena.processes for pid in descendants(process.pid) if "mixarena.serve" in command_line(pid)
    ]

    async def run() -> None:
        receipts, path = Receipts(), f"/s/{share.token}/live/"
        # The first ones load what every one uses.
        await _open(arena.url, path, N_OPENING, receipts)
        first_mb, began = sum(map(_memory_mb, web)), time.monotonic()
        await _open(arena.url, path, n_streams - N_OPENING, receipts)
        opened_s = time.monotonic() - began
        await asyncio.sleep(SETTLE_S)
        here = await asyncio.to_thread(n_listeners, battle.tournament.public_id)
        last_mb = sum(map(_memory_mb, web))
        each_kb = 1024 * (last_mb - first_mb) / (n_streams - N_OPENING)
        print(f"{n_streams} streams opened in {opened_s:.1f} s; {here} people counted")
        print(f"memory: {last_mb:.0f} MB in {len(web)} web processes, {each_kb:.0f} kB a stream")
        print("change                votes  p50 ms  p95 ms  max ms  web CPU  events a stream")
        channel, n_votes = channel_of(battle.tournament.public_id), 0
        for name, n, every_s in (("one a second", N_ALONE, ALONE_EVERY_S), ("ten a second", N_BUSY, BUSY_EVERY_S)):
            receipts.n_events, cpu_s, since = 0, _cpu_s(web), time.monotonic()
            sent = await asyncio.to_thread(_vote, ballots[n_votes : n_votes + n], channel, every_s)
            await asyncio.sleep(LAST_S)
            waits_ms = _waits_ms(sent, receipts, n_votes, n_streams)
            load = (_cpu_s(web) - cpu_s) / (time.monotonic() - since)
            per_stream = receipts.n_events / n_streams
            p50, p95, worst = (waits_ms[min(len(waits_ms) - 1, int(q * len(waits_ms)))] for q in (0.5, 0.95, 1.0))
            print(f"{name:<20}{n:>7}{p50:>8.0f}{p95:>8.0f}{worst:>8.0f}{100 * load:>7.0f} %{per_stream:>17.1f}")
            n_votes += n
            if name == "one a second":
                verdict = "reached" if p95 <= TARGET_MS else "missed"
                print(f"  target p95 <= {TARGET_MS:.0f} ms: {verdict}; streams lost: {receipts.n_lost}")
        n_before = await asyncio.to_thread(battle.votes.count)
        took = await asyncio.to_thread(vote_together, arena.url, f"/s/{share.token}/rounds/1/", N_VOTERS)
        n_new = await asyncio.to_thread(battle.votes.count) - n_before
        slow_ms = 1e3 * took[int(0.95 * len(took))]
        print(f"{N_VOTERS} strangers vote at once, each twice: {n_new} votes, p95 {slow_ms:.0f} ms")
        print(f"  streams lost: {receipts.n_lost}")
        if n_new != N_VOTERS:
            raise RuntimeError(f"{N_VOTERS} people voted, and {n_new} votes are there")

    uvloop.run(run())


class Stream(asyncio.Protocol):
    """A browser's side of a stream, with as little work as possible: it shares the cores with the server."""

    def __init__(self, request: bytes, receipts: Receipts) -> None:
        self.request = request
        self.receipts = receipts
        self.is_open = asyncio.get_running_loop().create_future()
        self.n_known = -1
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            found = VOTES.search(line)
            if found is not None:
                self._hear(int(found[1]))
            elif line.startswith(b"HTTP/") and b" 200 " not in line:
                self.is_open.set_exception(RuntimeError(f"the server said {line!r}"))

    def connection_lost(self, error: Exception | None) -> None:
        self.receipts.n_lost += 1

    def _hear(self, n_votes: int) -> None:
        now = time.monotonic()
        self.receipts.n_events += 1
        for number in range(self.n_known + 1, n_votes + 1):
            self.receipts.first.setdefault(number, []).append(now)
        self.n_known = n_votes
        if not self.is_open.done():
            self.is_open.set_result(None)


async def _open(url: str, path: str, n_streams: int, receipts: Receipts) -> None:
    """Each with a browser of its own; returns when all have heard the first event."""
    host, port = url.removeprefix("http://").split(":")
    gate = asyncio.Semaphore(N_OPENING)

    async def follow() -> None:
        cookie = f"csrftoken={secrets.token_hex(16)}"
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
        async with gate:
            _, stream = await asyncio.get_running_loop().create_connection(
                lambda: Stream(request, receipts), host, int(port)
            )
            await stream.is_open

    await asyncio.gather(*(follow() for _ in range(n_streams)))


def _ballot(battle: Any, voter: Any) -> Any:
    from tests.factories import make_ballot
    from tournaments.models import Ballot

    return make_ballot(battle=battle, voter=voter, kind=Ballot.Kind.AUDIENCE)


def _vote(ballots: list[Any], channel: str, every_s: float) -> list[float]:
    """Cast them evenly in time; returns when each was published."""
    from mixarena.web.live import publish
    from tests.factories import make_vote

    sent = []
    began = time.monotonic()
    for i, ballot in enumerate(ballots):
        time.sleep(max(0.0, began + i * every_s - time.monotonic()))
        make_vote(ballot=ballot)
        sent.append(time.monotonic())
        publish(channel)
    return sent


def _waits_ms(sent: list[float], receipts: Receipts, n_before: int, n_streams: int) -> list[float]:
    """From each vote to each stream, sorted."""
    waits: list[float] = []
    for i, moment in enumerate(sent):
        heard = receipts.first.get(n_before + i + 1, [])
        if len(heard) != n_streams:
            raise RuntimeError(f"{n_streams - len(heard)} streams never heard of vote {n_before + i + 1}")
        waits += (1e3 * (at - moment) for at in heard)
    return sorted(waits)


def _memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB


def _cpu_s(pids: list[int]) -> float:
    ticks = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in pids)
    return sum(int(user) + int(system) for user, system in ticks) / TICKS_S


if __name__ == "__main__":
    main()
