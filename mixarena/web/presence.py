"""Who is here: people with a live page open, each counted once however many pages they have.

A place is a sorted set in Redis: people by the moment when a web process last said that they are there. Whoever is not
named again lapses, so a process that is killed takes nobody's place for long.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

import redis
from django.conf import settings

from mixarena.redis_client import shared

logger = logging.getLogger(__name__)

PREFIX = "mixarena:present:"
# Longer than two rounds of naming them, so that a late one or a reload of the page drops nobody.
LAPSE_S = 25.0


def note(place: str, people: Collection[str]) -> int:
    """Say that these people are here now.

    Args:
        people: keys that tell nobody who they are.
    Returns: how many of them were not here before; 0 while Redis is away.
    """
    if not settings.REDIS_URL or not people:
        return 0
    now = time.time()
    try:
        with shared(settings.REDIS_URL).pipeline() as commands:
            commands.zremrangebyscore(PREFIX + place, "-inf", now - LAPSE_S)
            commands.zadd(PREFIX + place, dict.fromkeys(people, now))
            commands.expire(PREFIX + place, round(2 * LAPSE_S))
            return int(commands.execute()[1])
    except redis.RedisError as error:
        logger.warning("nobody noted place=%s: %s", place, error)
        return 0


def forget(place: str, person: str) -> None:
    """Take somebody out at once, who goes on under another key."""
    if not settings.REDIS_URL:
        return
    try:
        shared(settings.REDIS_URL).zrem(PREFIX + place, person)
    except redis.RedisError as error:
        logger.warning("nobody forgotten place=%s: %s", place, error)


def count(place: str) -> int:
    """How many people are here; 0 while Redis is away."""
    if not settings.REDIS_URL:
        return 0
    try:
        return int(shared(settings.REDIS_URL).zcount(PREFIX + place, time.time() - LAPSE_S, "+inf"))
    except redis.RedisError as error:
        logger.warning("nobody counted place=%s: %s", place, error)
        return 0
