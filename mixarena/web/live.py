"""Live pages: server-sent events that say how things stand now.

A service publishes that something changed, by the name of a channel and nothing more. Each web process listens to
Redis once and wakes those of its streams that follow the channel; a stream then renders its snapshot anew and sends it.
A burst of changes wakes a stream once, and what was missed does not matter, because a snapshot always holds the whole
state. A new stream begins with one.

Source of the format: WHATWG HTML, section 9.2 (server-sent events).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import lru_cache
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse

from mixarena.redis_client import connect

logger = logging.getLogger(__name__)

PREFIX = "mixarena:live:"
COMMENT_EVERY_S = 20.0  # proxies close connections that stay silent; many do so after 30 to 60 s
RETRY_MS = 2000
MIN_BACK_OFF_S, MAX_BACK_OFF_S = 0.5, 15.0


def publish(channel: str) -> None:
    """Say that the state of a channel changed. Call it after the commit.

    Never raises: a page that misses the news still asks by itself now and then. Without REDIS_URL there is no web
    server to tell.
    """
    if not settings.REDIS_URL:
        return
    try:
        _publisher(settings.REDIS_URL).publish(PREFIX + channel, b"")
    except redis.RedisError as error:
        logger.warning("not published channel=%s: %s", channel, error)


async def event_stream(
    request: HttpRequest, channel: str, snapshot: Callable[[], str], *, event: str = "message"
) -> StreamingHttpResponse:
    """Stream the snapshot now and after every change of the channel, until the client leaves.

    Args:
        channel: as given to `publish`. The caller has checked that the listener may follow it.
        snapshot: renders the present state, usually an HTML fragment; runs in a thread and may use the database.
        event: the name that the page listens for.
    """
    response = StreamingHttpResponse(_events(channel, snapshot, event), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response


def format_event(event: str, data: str) -> bytes:
    """One event on the wire; every line of the data has its own field."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n".encode()


async def _events(channel: str, snapshot: Callable[[], str], event: str) -> AsyncIterator[bytes]:
    wake = asyncio.Event()
    hub = _hub()
    hub.add(channel, wake)
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        last: str | None = None
        while True:
            wake.clear()  # before the snapshot: a change while it is rendered wakes us again
            state = await sync_to_async(_render)(snapshot)
            if state != last:
                yield format_event(event, state)
                last = state
            while not wake.is_set():
                try:
                    await asyncio.wait_for(wake.wait(), COMMENT_EVERY_S)
                except TimeoutError:
                    yield b": still here\n\n"
    finally:
        hub.remove(channel, wake)


def _render(snapshot: Callable[[], str]) -> str:
    try:
        return snapshot()
    finally:
        # The stream's thread lives as long as the stream: its connection must not.
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()


class Hub:
    """Wakes the streams of one event loop. It listens while there is anybody to wake."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self._streams: dict[str, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    def add(self, channel: str, wake: asyncio.Event) -> None:
        self._streams.setdefault(channel, set()).add(wake)
        if self._listening is None and self.redis_url:
            self._listening = asyncio.get_running_loop().create_task(self._listen())

    def remove(self, channel: str, wake: asyncio.Event) -> None:
        streams = self._streams.get(channel, set())
        streams.discard(wake)
        if not streams:
            self._streams.pop(channel, None)
        if not self._streams and self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def _listen(self) -> None:
        back_off_s = MIN_BACK_OFF_S
        while True:
            # No time limit on reads: silence is normal here. The health check finds a peer that is gone.
            client = redis.asyncio.Redis.from_url(
                self.redis_url, socket_timeout=None, socket_connect_timeout=5, health_check_interval=15
            )
            try:
                async with client.pubsub() as subscription:
                    await subscription.psubscribe(PREFIX + "*")
                    back_off_s = MIN_BACK_OFF_S
                    self._wake_all()  # whatever changed while nobody listened
                    while True:
                        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=10.0)
                        if message is not None:
                            self._wake(message["channel"].decode().removeprefix(PREFIX))
            except (redis.RedisError, OSError) as error:
                logger.warning("live updates lost, retry in %.1f s: %s", back_off_s, error)
            finally:
                with suppress(redis.RedisError, OSError):
                    await client.aclose()
            await asyncio.sleep(back_off_s)
            back_off_s = min(2 * back_off_s, MAX_BACK_OFF_S)

    def _wake(self, channel: str) -> None:
        for wake in self._streams.get(channel, ()):
            wake.set()

    def _wake_all(self) -> None:
        for channel in self._streams:
            self._wake(channel)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]


@lru_cache(maxsize=1)
def _publisher(redis_url: str) -> redis.Redis:
    return connect(redis_url)
