"""One lock a listener: whoever changes what somebody has earned holds it to the end of the transaction.

Where a transaction holds the ledger of ratings too, it takes that one first; a friend is locked before the inviter.
"""

from __future__ import annotations

from accounts.models import User


def lock_user(pk: int) -> User:
    """Wait until nobody else changes what this listener has earned. SQLite's transactions exclude each other anyway.

    Returns: the listener, of whom only `earns` is read.
    """
    return User.objects.select_for_update(of=("self",)).only("earns").get(pk=pk)
