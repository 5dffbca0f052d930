"""Whether the arena can do its work: /healthz for people, supervisors and load balancers."""

from __future__ import annotations

import logging

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mixarena.redis_client import connect

logger = logging.getLogger(__name__)

QUEUES = ("render", "neural")
ALIVE_EVERY_S = 5.0
ALIVE_FOR_S = 15


def alive_key(queue: str) -> str:
    """The Redis key that exists while a worker serves the queue."""
    return f"mixarena:alive:{queue}"


def check() -> dict[str, bool]:
    """What works right now: `database`, `redis`, and a live worker for each queue."""
    states = {"database": _is_database_up(), "redis": False, **dict.fromkeys(QUEUES, False)}
    if not settings.REDIS_URL:
        return states
    try:
        with connect(settings.REDIS_URL) as client:
            beats = client.mget([alive_key(queue) for queue in QUEUES])
    except redis.RedisError as error:
        logger.warning("health: redis: %s", error)
        return states
    return {**states, "redis": True, **{queue: beat is not None for queue, beat in zip(QUEUES, beats, strict=True)}}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when everything works, else 503; the body says what does."""
    states = check()
    response = JsonResponse(states, status=200 if all(states.values()) else 503)
    # Django logs each 5xx as an error of the request, and who asks here wants to know, again and again.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _is_database_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("health: database: %s", error)
        return False
    return True
