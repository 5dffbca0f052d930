"""So many requests a token and window of time, counted in the cache that all web processes share.

A fixed window: at its border twice the limit may pass, which is well within what the arena bears.
"""

from __future__ import annotations

import time

from django.core.cache import cache

from api.errors import TooManyRequests


def take(*, name: str, limit: int, window_s: int) -> None:
    """Count one use of a name. Raises TooManyRequests, which says when the next window begins."""
    now = time.time()
    window = int(now // window_s)
    key = f"api-limit:{name}:{window}"
    # Made before it is raised, so that it always expires.
    cache.add(key, 0, timeout=2 * window_s)
    try:
        n_taken = cache.incr(key)
    except ValueError:
        # Thrown out by the cache in between: the window begins anew.
        cache.set(key, 1, timeout=2 * window_s)
        n_taken = 1
    if n_taken > limit:
        wait_s = max(1, int((window + 1) * window_s - now) + 1)
        raise TooManyRequests(
            f"More than {limit} requests in {window_s} s. Wait {wait_s} s, then go on.",
            code="too_many",
            headers={"Retry-After": str(wait_s)},
        )
