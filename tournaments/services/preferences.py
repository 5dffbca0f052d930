"""Starting a taste anew."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tournaments.models import TasteReset

if TYPE_CHECKING:
    from accounts.models import User


def reset_taste(*, user: User, now: datetime) -> None:
    """From now on only later votes tell of the listener's taste."""
    TasteReset.objects.update_or_create(user=user, defaults={"at": now})
