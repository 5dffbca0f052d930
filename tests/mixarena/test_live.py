"""Live pages: the present first, every change after it, bursts once, and Redis may come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
from django.test import RequestFactory

from mixarena.web import live
from tests.services.redis_server import RedisServer

TIMEOUT_S = 20.0


class Listener:
    """Reads one stream."""

    def __init__(self, channel: str, snapshot: Callable[[], str]) -> None:
        self.channel = channel
        self.snapshot = snapshot

    async def __aenter__(self) -> "Listener":
        response = await live.event_stream(RequestFactory().get("/"), self.channel, self.snapshot)
        assert response["Content-Type"] == "text/event-stream"
        assert response["Cache-Control"] == "no-store"
        self.parts = cast("AsyncIterator[bytes]", response.streaming_content)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.parts.aclose()  # type: ignore[attr-defined]

    async def part(self) -> str:
        return (await asyncio.wait_for(anext(self.parts), TIMEOUT_S)).decode()

    async def event(self) -> str:
        """The data of the next event; comments and the retry field are passed over."""
        while True:
            part = await self.part()
            if part.startswith("event: "):
                return "\n".join(line[6:] for line in part.splitlines() if line.startswith("data: "))


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await scene()

    asyncio.run(run())


async def until_listening(n_listeners: int = 1) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        async with live.redis.asyncio.Redis.from_url(live.settings.REDIS_URL) as client:
            while await client.pubsub_numpat() < n_listeners:
                await asyncio.sleep(0.02)


async def publish(channel: str) -> None:
    await asyncio.to_thread(live.publish, channel)


def test_event_has_a_data_field_for_every_line() -> None:
    assert live.format_event("vote", "<p>\n  one\n</p>") == b"event: vote\ndata: <p>\ndata:   one\ndata: </p>\n\n"
    assert live.format_event("vote", "") == b"event: vote\ndata: \n\n"


def test_stream_begins_with_the_present_and_tells_changes(redis_server: RedisServer) -> None:
    state = ["one"]

    async def scene() -> None:
        async with Listener("a", lambda: state[0]) as listener:
            assert await listener.part() == "retry: 2000\n\n"
            assert await listener.event() == "one"
            await until_listening()
            state[0] = "two\nlines"
            await publish("a")
            assert await listener.event() == "two\nlines"

    play(scene)


def test_other_channels_wake_nobody(redis_server: RedisServer) -> None:
    n_snapshots = 0

    def snapshot() -> str:
        nonlocal n_snapshots
        n_snapshots += 1
        return str(n_snapshots)

    async def scene() -> None:
        async with Listener("a", snapshot) as listener, Listener("b", lambda: "b") as other:
            await listener.event()
            await other.event()
            await until_listening()
            before = n_snapshots
            waiting = asyncio.ensure_future(listener.event())
            await publish("b")
            await publish("b")
            await publish("a")
            assert await waiting in {str(before), str(before + 1)}
            assert n_snapshots <= before + 1

    play(scene)


def test_all_listeners_share_one_subscription(redis_server: RedisServer) -> None:
    state = ["old"]

    async def scene() -> None:
        listeners = [Listener("a", lambda: state[0]) for _ in range(20)]
        for listener in listeners:
            await listener.__aenter__()
            assert await listener.event() == "old"
        await until_listening()
        async with live.redis.asyncio.Redis.from_url(live.settings.REDIS_URL) as client:
            assert await client.pubsub_numpat() == 1
        state[0] = "new"
        await publish("a")
        assert [await listener.event() for listener in listeners] == ["new"] * 20
        for listener in listeners:
            await listener.__aexit__()

    play(scene)


def test_burst_of_changes_is_told_by_its_last_state(redis_server: RedisServer) -> None:
    state = [0]

    async def scene() -> None:
        async with Listener("a", lambda: str(state[0])) as listener:
            assert await listener.event() == "0"
            await until_listening()
            for number in range(1, 101):
                state[0] = number
                await publish("a")
            told = [await listener.event()]
            while told[-1] != "100":
                told.append(await listener.event())
            assert len(told) < 100

    play(scene)


def test_change_while_redis_was_away_is_told_when_it_is_back(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MIN_BACK_OFF_S", 0.05)
    state = ["before"]

    async def scene() -> None:
        async with Listener("a", lambda: state[0]) as listener:
            assert await listener.event() == "before"
            await until_listening()
            redis_server.stop()
            state[0] = "after"
            await publish("a")  # nobody hears it, and nobody is hurt
            redis_server.start()
            assert await listener.event() == "after"

    play(scene)


def test_silence_is_broken_by_comments(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "COMMENT_EVERY_S", 0.05)

    async def scene() -> None:
        async with Listener("a", lambda: "x") as listener:
            await listener.event()
            assert await listener.part() == ": still here\n\n"

    play(scene)


def test_listener_that_leaves_is_forgotten(redis_server: RedisServer) -> None:
    async def scene() -> None:
        async with Listener("a", lambda: "x") as listener:
            await listener.event()
            await until_listening()
        hub = live._hub()
        async with asyncio.timeout(TIMEOUT_S):
            while hub._streams:  # the interpreter closes the generator in a moment
                await asyncio.sleep(0)
        assert hub._listening is None

    play(scene)


def test_publishing_without_redis_hurts_nobody(redis_server: RedisServer) -> None:
    redis_server.stop()
    live.publish("a")
