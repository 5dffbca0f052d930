"""What others may see of a listener."""

from __future__ import annotations

from accounts.models import User


def set_privacy(*, user: User, is_public: bool, is_ranked: bool) -> None:
    """Open or close the profile, and appear on the boards or not."""
    User.objects.filter(pk=user.pk).update(is_public=is_public, is_ranked=is_ranked)
