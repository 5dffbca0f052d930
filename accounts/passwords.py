"""A new password ends what was opened with the old one: other sessions, which Django sees to, and API tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.services.tokens import revoke_all

if TYPE_CHECKING:
    from accounts.models import User


def on_new_password(user: User, **kwargs: Any) -> None:
    """Somebody has changed, reset or set the password."""
    revoke_all(user=user, now=timezone.now())
