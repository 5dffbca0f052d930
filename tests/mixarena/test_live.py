"""Live pages: the present first, every change after it, bursts once, for all streams at once; Redis may come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory

from mixarena.web import live, presence
from tests.services.redis_server import RedisServer

TIMEOUT_S = 20.0


class Listener:
    """Reads one stream whose snapshot is one event."""

    def __init__(self, channel: str, state: Callable[[], str | None], *, kind: str = "", person: str = "") -> None:
        self.channel = channel
        self.state = state
        self.kind = kind
        self.person = person

    def snapshot(self) -> dict[str, str] | None:
        state = self.state()
        return None if state is None else {"message": state}

    async def __aenter__(self) -> "Listener":
        response = await live.event_stream(
            RequestFactory().get("/"), self.channel, self.snapshot, kind=self.kind, person=self.person
        )
        assert response["Content-Type"] == "text/event-stream"
        assert response["Cache-Control"] == "no-store"
        self.parts = cast("AsyncIterator[bytes]", cast(StreamingHttpResponse, response).streaming_content)
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


async def until_told(listener: Listener, data: str) -> None:
    while await listener.event() != data:
        pass


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


def test_what_is_new_is_found_out_once_for_all_listeners(redis_server: RedisServer) -> None:
    state, asked = ["old"], []

    def look() -> str:
        asked.append(state[0])
        return state[0]

    async def scene() -> None:
        listeners = [Listener("a", look) for _ in range(20)]
        for listener in listeners:
            await listener.__aenter__()
            assert await listener.event() == "old"
        await until_listening()
        await asyncio.sleep(3 * live.COALESCE_S)
        asked.clear()
        state[0] = "new"
        await publish("a")
        assert [await listener.event() for listener in listeners] == ["new"] * 20
        assert asked == ["new"]
        for listener in listeners:
            await listener.__aexit__()

    play(scene)


def test_stream_with_nothing_left_to_tell_ends_and_says_so(redis_server: RedisServer) -> None:
    state: list[str | None] = ["open"]

    async def scene() -> None:
        async with Listener("a", lambda: state[0]) as listener, Listener("a", lambda: "x", kind="other") as other:
            assert await listener.event() == "open"
            await until_listening()
            state[0] = None
            await publish("a")
            assert await listener.part() == live.END.decode()
            with pytest.raises(StopAsyncIteration):
                await listener.part()
            assert await other.event() == "x"

    play(scene)


def test_a_snapshot_that_fails_leaves_the_streams_open(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = ["one"]

    def look() -> str:
        if state[0] == "broken":
            raise ValueError("for once")
        return state[0]

    async def scene() -> None:
        async with Listener("a", look) as listener:
            assert await listener.event() == "one"
            await until_listening()
            for state[0] in ("broken", "two"):
                await publish("a")
                await asyncio.sleep(2 * live.COALESCE_S)
            assert await listener.event() == "two"

    play(scene)


def test_people_are_counted_once_and_lapse(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REFRESH_EVERY_S", 0.1)
    monkeypatch.setattr(presence, "LAPSE_S", 0.6)

    def here() -> str:
        return str(presence.count("a"))

    async def scene() -> None:
        # Somebody who only watches, such as the owner, sees the others come and go, and is none of them.
        async with Listener("a", here, kind="owner") as owner:
            await until_told(owner, "0")
            async with Listener("a", here, person="ada") as one, Listener("a", here, person="ada") as other:
                await one.event()
                await other.event()
                await until_told(owner, "1")
                async with Listener("a", here, person="grace") as grace:
                    await grace.event()
                    await until_told(owner, "2")
                await until_told(owner, "1")
                await asyncio.sleep(1.0)  # longer than anybody lasts who is not named again
                assert presence.count("a") == 1
            await until_told(owner, "0")

    play(scene)


def test_people_of_a_process_that_was_killed_lapse(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(presence.time, "time", lambda: now[0])
    assert presence.note("a", {"ada", "grace"}) == 2
    now[0] += 0.8 * presence.LAPSE_S
    assert presence.note("a", {"grace", "alan"}) == 1
    assert presence.count("a") == 3
    now[0] += 0.8 * presence.LAPSE_S
    assert presence.count("a") == 2


def test_without_redis_nobody_is_counted_and_nothing_breaks(redis_server: RedisServer) -> None:
    redis_server.stop()
    assert presence.note("a", {"ada"}) == 0
    assert presence.count("a") == 0


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
            while hub._feeds:  # the interpreter closes the generator in a moment
                await asyncio.sleep(0)
        assert hub._listening is None

    play(scene)


def test_publishing_without_redis_hurts_nobody(redis_server: RedisServer) -> None:
    redis_server.stop()
    live.publish("a")
