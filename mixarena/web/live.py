"""Live pages: server-sent events that say how things stand now.

A service publishes that something changed, by the name of a channel and nothing more. Each web process listens to
Redis once. What a channel has to say is found out once a process, not once a stream: all streams that show the same
share a feed, which asks for its snapshot anew after a change and hands it to all of them. Changes that follow each
other closely are told together, and what was missed does not matter, because a snapshot always holds the whole state.
A new stream begins with one.

Source of the format: WHATWG HTML, section 9.2 (server-sent events).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from mixarena.redis_client import shared
from mixarena.web import presence, stream_limit

logger = logging.getLogger(__name__)

PREFIX = "mixarena:live:"
COMMENT_EVERY_S = 20.0  # proxies close connections that stay silent; many do so after 30 to 60 s
RETRY_MS = 2000
MIN_BACK_OFF_S, MAX_BACK_OFF_S = 0.5, 15.0
# Between two snapshots of a feed. A change after a quiet time is told at once, those of a burst together.
COALESCE_S = 0.1
# How often a feed looks by itself, for what nobody published: people who left, a message that was lost.
REFRESH_EVERY_S = 10.0
# The last event of a stream that has nothing to tell any more: the page shall not come back.
END = b"event: end\ndata: \n\n"

# By the event's name, its data; None where there is nothing to follow any more.
Snapshot: TypeAlias = Callable[[], Mapping[str, str] | None]

# Feeds are few; a thread of its own for each would only wait.
_threads = ThreadPoolExecutor(2, thread_name_prefix="live")


def publish(channel: str) -> None:
    """Say that the state of a channel changed. Call it after the commit.

    Never raises: a page that misses the news still asks by itself now and then. Without REDIS_URL there is no web
    server to tell.
    """
    if not settings.REDIS_URL:
        return
    try:
        shared(settings.REDIS_URL).publish(PREFIX + channel, b"")
    except redis.RedisError as error:
        logger.warning("not published channel=%s: %s", channel, error)


async def event_stream(
    request: HttpRequest, channel: str, snapshot: Snapshot, *, kind: str = "", person: str = ""
) -> HttpResponseBase:
    """Stream the snapshot now and what differs in it after every change of the channel, until the client leaves.

    A client that has MAX_STREAMS open is answered 429 instead.

    Args:
        channel: as given to `publish`. The caller has checked that the listener may follow it.
        snapshot: finds out the present state, in a thread where it may use the database. The stream ends when it
            gives None.
        kind: names the snapshot where a channel has several. One of a kind is asked for all streams, so it must not
            depend on who listens.
        person: who counts as present on the channel while the stream is open; nobody by default.
    """
    client = await sync_to_async(stream_limit.client_of)(request)
    if not _hub().has_room(client):
        return await sync_to_async(stream_limit.refuse)(request)
    events = _events(channel, kind, snapshot, person, client)
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would hold events back
    return response


def format_event(event: str, data: str) -> bytes:
    """One event on the wire; every line of the data has its own field."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {event}\n{lines}\n".encode()


async def _events(channel: str, kind: str, snapshot: Snapshot, person: str, client: str) -> AsyncIterator[bytes]:
    # The request's own thread lasts as long as the stream; its connection, of which there are few, must not.
    await sync_to_async(_let_go)()
    hub = _hub()
    if not hub.has_room(client):
        return  # taken since this stream was let in: it ends at once, and whoever comes back is refused
    feed = hub.join(channel, kind, snapshot, person, client)
    told: Mapping[str, bytes] = {}
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            changed = feed.changed
            news = b"".join(event for name, event in feed.events.items() if told.get(name) != event)
            told = feed.events
            if feed.is_over:
                yield news + END
                return
            if news:
                yield news
            try:
                async with asyncio.timeout(COMMENT_EVERY_S):
                    await changed.wait()
            except TimeoutError:
                yield b": still here\n\n"
    finally:
        hub.leave(channel, kind, person, client)


def _let_go() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Feed:
    """What one kind of stream of a channel has to say now, and the people that these streams belong to."""

    def __init__(self, channel: str, snapshot: Snapshot) -> None:
        self.channel = channel
        self.snapshot = snapshot
        self.events: Mapping[str, bytes] = {}
        self.is_over = False
        # Set, and another one put in its place, when the events have changed.
        self.changed = asyncio.Event()
        self.n_streams = 0
        self._people: Counter[str] = Counter()
        self._arrived: set[str] = set()
        self._wake = asyncio.Event()
        self._task = _start(self._run())

    def enter(self, person: str) -> None:
        """A stream begins."""
        self.n_streams += 1
        if person:
            self._people[person] += 1
            self._arrived.add(person)
            self._wake.set()

    def exit(self, person: str) -> None:
        """A stream ends. Its person lapses unless another one names them."""
        self.n_streams -= 1
        if person:
            self._people[person] -= 1
            self._people += Counter()  # drops those of whom no stream is left

    def wake(self) -> None:
        """Something may have changed."""
        self._wake.set()

    def stop(self) -> None:
        """Nobody listens any more."""
        self._task.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        named_at = loop.time()
        while not self.is_over:
            self._wake.clear()  # before the snapshot: a change while it is made wakes us again
            people, self._arrived = self._arrived, set()
            if loop.time() - named_at >= REFRESH_EVERY_S:
                people, named_at = set(self._people), loop.time()
            try:
                found = await loop.run_in_executor(_threads, self._look, people)
            except Exception:
                # Whatever it was, the streams live on what they know, and the next look may succeed.
                logger.exception("no snapshot channel=%s", self.channel)
            else:
                self._tell(found)
            await asyncio.sleep(COALESCE_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_EVERY_S):
                    await self._wake.wait()

    def _look(self, people: set[str]) -> Mapping[str, str] | None:
        try:
            if presence.note(self.channel, people):
                publish(self.channel)  # other processes, and other kinds of stream, show how many are here
            return self.snapshot()
        finally:
            _let_go()

    def _tell(self, found: Mapping[str, str] | None) -> None:
        self.is_over = found is None
        events = {name: format_event(name, data) for name, data in (found or {}).items()}
        if self.is_over or events != self.events:
            self.events = events
            changed, self.changed = self.changed, asyncio.Event()
            changed.set()


class Hub:
    """The feeds of one event loop. It listens to Redis while there is anybody to wake."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self._feeds: dict[str, dict[str, Feed]] = {}
        self._clients: Counter[str] = Counter()
        self._listening: asyncio.Task[None] | None = None

    def has_room(self, client: str) -> bool:
        """Whether a client may have one more stream; always for "", which is nobody in particular."""
        return not client or self._clients[client] < settings.MAX_STREAMS

    def join(self, channel: str, kind: str, snapshot: Snapshot, person: str, client: str) -> Feed:
        feeds = self._feeds.setdefault(channel, {})
        feed = feeds.get(kind)
        if feed is None:
            feed = feeds[kind] = Feed(channel, snapshot)
        feed.enter(person)
        self._clients[client] += 1
        if self._listening is None and self.redis_url:
            self._listening = _start(self._listen())
        return feed

    def leave(self, channel: str, kind: str, person: str, client: str) -> None:
        feeds = self._feeds[channel]
        feed = feeds[kind]
        feed.exit(person)
        self._clients[client] -= 1
        if not self._clients[client]:
            del self._clients[client]
        if feed.n_streams == 0:
            feed.stop()
            del feeds[kind]
        if not feeds:
            del self._feeds[channel]
        if not self._feeds and self._listening is not None:
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
        for feed in self._feeds.get(channel, {}).values():
            feed.wake()

    def _wake_all(self) -> None:
        for channel in self._feeds:
            self._wake(channel)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def _hub() -> Hub:
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that outlives the request that it was started in, and so takes nothing of its context along."""
    return asyncio.get_running_loop().create_task(work, context=Context())
