"""Lists in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from ninja import Field, Schema

T = TypeVar("T")


class Paging(Schema):
    """Which piece of a list."""

    limit: int = Field(20, ge=1, le=100, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out at the beginning.")


class Page(Schema, Generic[T]):
    """A piece of a list, and how long the whole list is."""

    items: list[T]
    count: int


def page_of(rows: QuerySet[Any] | Sequence[Any], paging: Paging, shown: Callable[[Any], T]) -> dict[str, Any]:
    """The piece that was asked for, each row as it is shown."""
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    return {"items": [shown(row) for row in rows[paging.offset : paging.offset + paging.limit]], "count": count}
