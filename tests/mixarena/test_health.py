"""/healthz says what works: the database, Redis, and a live worker for each queue."""

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client

from mixarena.health import QUEUES, alive_key
from tests.services.redis_server import RedisServer

pytestmark = pytest.mark.django_db


def answer() -> tuple[int, dict[str, bool]]:
    response = Client().get("/healthz")
    return response.status_code, response.json()


def workers_live(*queues: str) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for queue in queues:
            client.set(alive_key(queue), 1)


def test_everything_works(redis_server: RedisServer) -> None:
    workers_live(*QUEUES)
    assert answer() == (200, {"database": True, "redis": True, "render": True, "neural": True})


@pytest.mark.parametrize("missing", QUEUES)
def test_each_queue_needs_a_worker(redis_server: RedisServer, missing: str) -> None:
    workers_live(*(queue for queue in QUEUES if queue != missing))
    status, states = answer()
    assert status == 503
    assert [name for name, works in states.items() if not works] == [missing]


def test_redis_is_away(redis_server: RedisServer) -> None:
    redis_server.stop()
    assert answer() == (503, {"database": True, "redis": False, "render": False, "neural": False})


def test_database_is_away(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    workers_live(*QUEUES)

    def fail() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    assert answer() == (503, {"database": False, "redis": True, "render": True, "neural": True})


def test_is_never_cached_and_not_for_posts(redis_server: RedisServer) -> None:
    assert "no-store" in Client().get("/healthz")["Cache-Control"]
    assert Client().post("/healthz").status_code == 405
