"""A client holds so many streams and no more, whoever else has some; one that ends makes room."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory, override_settings

from accounts.models import User
from mixarena.web import live, stream_limit
from tests.mixarena.test_live import TIMEOUT_S
from tests.services.redis_server import RedisServer

ADDRESS = "203.0.113.7"


async def ask(address: str = ADDRESS, user: User | None = None) -> HttpResponseBase:
    request = RequestFactory(REMOTE_ADDR=address).get("/api/v1/x")
    request.user = user or AnonymousUser()
    return await live.event_stream(request, "a", lambda: {"message": "x"})


def parts_of(response: HttpResponseBase) -> AsyncIterator[bytes]:
    return cast("AsyncIterator[bytes]", cast(StreamingHttpResponse, response).streaming_content)


async def begin(address: str = ADDRESS, user: User | None = None) -> AsyncIterator[bytes]:
    response = await ask(address, user)
    assert response.status_code == 200
    parts = parts_of(response)
    assert await anext(parts) == b"retry: 2000\n\n"
    return parts


@override_settings(MAX_STREAMS=2)
def test_one_client_more_than_its_streams_is_refused_until_one_ends(redis_server: RedisServer) -> None:
    async def scene() -> None:
        first, second = await begin(), await begin()
        refused = await ask()
        assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
        assert int(refused["Retry-After"]) >= 1
        # Another network, and listeners behind the same one.
        others = [await begin("203.0.113.8"), await begin(user=User(pk=7)), await begin(user=User(pk=8))]
        assert (await ask(user=User(pk=7))).status_code == 200  # its second
        await first.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(TIMEOUT_S):
            while (await ask()).status_code != 200:
                await asyncio.sleep(0)
        for parts in (second, await begin(), *others):
            await parts.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(TIMEOUT_S):
            while live._hub()._clients:
                await asyncio.sleep(0)

    asyncio.run(scene())


@override_settings(MAX_STREAMS=2)
def test_streams_that_are_asked_for_in_one_moment_are_no_more_either(redis_server: RedisServer) -> None:
    async def scene() -> None:
        streams = [parts_of(await ask()) for _ in range(4)]
        for parts in streams[:2]:
            assert await anext(parts)
        for parts in streams[2:]:
            with pytest.raises(StopAsyncIteration):
                await anext(parts)
        for parts in streams:
            await parts.aclose()  # type: ignore[attr-defined]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("address", "host", "is_https", "is_counted"),
    [
        ("127.0.0.1", "127.0.0.1", False, False),
        ("::1", "localhost", False, False),
        (ADDRESS, "127.0.0.1", False, True),  # through a proxy on this machine
        ("127.0.0.1", "127.0.0.1", True, True),
        ("127.0.0.1", "0.0.0.0", False, True),
    ],
)
def test_this_machine_is_not_counted_where_nobody_else_can_ask(
    address: str, host: str, is_https: bool, is_counted: bool
) -> None:
    request = RequestFactory(REMOTE_ADDR=address).get("/")
    request.user = AnonymousUser()
    with override_settings(ARENA_HOST=host, IS_HTTPS=is_https):
        assert bool(stream_limit.client_of(request)) is is_counted
