"""Guests: strangers who judge a shared battle before they have an account."""

from __future__ import annotations

import secrets

from accounts.models import User


def create_guest() -> User:
    """Somebody without name, address or password, whom only the session of one browser knows."""
    guest = User(username=f"guest-{secrets.token_hex(8)}", is_guest=True, is_public=False, is_ranked=False)
    guest.set_unusable_password()
    guest.save()
    return guest
