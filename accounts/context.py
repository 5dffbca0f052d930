"""What every page of a listener shows: news that was not looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Notice, User
from accounts.selectors import N_TOASTS, unseen_notices

# More than nine are shown as 9+, so no page reads more than it takes to know that.
MAX_COUNTED = 10


@dataclass(frozen=True)
class News:
    """Unseen notices: how many (at most MAX_COUNTED), and the newest of them as toasts, oldest first."""

    n_unseen: int
    toasts: tuple[Notice, ...]
    upto: int


def news(request: HttpRequest) -> dict[str, Any]:
    """Template context: `news`, read when a template first looks at it, and whether mixes cost something."""
    return {"news": SimpleLazyObject(lambda: _news(request)), "has_credits": settings.CREDITS}


def _news(request: HttpRequest) -> News:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return News(0, (), 0)
    unseen = list(unseen_notices(user)[:MAX_COUNTED])
    return News(len(unseen), tuple(reversed(unseen[:N_TOASTS])), unseen[0].pk if unseen else 0)
