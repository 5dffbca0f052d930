"""News for listeners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Notice


def tell(*, user_ids: Iterable[int], kind: Notice.Kind, title: str, text: str, url: str = "", now: datetime) -> None:
    """Leave the same note for each of these listeners."""
    Notice.objects.bulk_create(
        [Notice(user_id=pk, kind=kind, title=title, text=text, url=url, created_at=now) for pk in user_ids]
    )


def mark_seen(*, user_id: int, upto: int, now: datetime) -> None:
    """The listener has seen every notice up to this one."""
    Notice.objects.filter(user=user_id, pk__lte=upto, seen_at=None).update(seen_at=now)
