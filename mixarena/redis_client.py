"""Clients of Redis for short questions, which give up soon: nobody's page or vote waits for a Redis that is away."""

from __future__ import annotations

from functools import lru_cache

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_S = 2.0
# The library's own default is ten tries with growing pauses.
ONE_RETRY = Retry(NoBackoff(), 1)


def connect(url: str) -> Redis:
    """A client with a pool of its own; close it, or keep it for the life of the process."""
    return Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=ONE_RETRY)


@lru_cache(maxsize=1)
def shared(url: str) -> Redis:
    """The client that a process keeps for its own short questions."""
    return connect(url)
