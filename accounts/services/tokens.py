"""API tokens: keys with which programs act for a listener, each for what it was made for and no more.

A token is 256 random bits, so that a plain SHA-256 of it is enough to find it by and useless to whoever reads it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.errors import InvalidToken
from accounts.models import ApiToken, User
from accounts.services.locks import lock_user

SCOPES = {
    "read": "See your songs, tournaments and progress, and everything public",
    "songs": "Upload and delete songs, and say what their stems play",
    "play": "Start tournaments, listen, vote, and have mixes, albums and files made",
    "share": "Open and close public links to results",
    "account": "See and change what is private: settings, free mixes, friends, news, follows, taste, all your data",
    "mixers": "Offer mixers to the arena",
    "analytics": "See the arena's numbers",
}
# Offered to curators alone.
STAFF_SCOPES = {"analytics"}
MAX_TOKENS = 20
PREFIX = "ma_"
# Noting every use would be a write a request.
USE_NOTED_EVERY = timedelta(minutes=1)


def create_token(
    *, user: User, name: str, scopes: Collection[str], expires_at: datetime | None, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token; returns its row and the token itself, which nobody can see again.

    Raises: InvalidToken.
    """
    if not name.strip():
        raise InvalidToken("The token has no name. Say what it is for.", code="no_name")
    offered = scopes_for(user)
    chosen = [scope for scope in offered if scope in scopes]
    if not chosen or len(chosen) != len(set(scopes)):
        raise InvalidToken(f"Choose what the token may do: {', '.join(offered)}.", code="bad_scopes")
    if expires_at is not None and expires_at <= now:
        raise InvalidToken("The token would have expired already. Choose a later day.", code="bad_expiry")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        lock_user(user.pk)
        if _living(now).filter(user=user).count() >= MAX_TOKENS:
            raise InvalidToken(
                f"You have {MAX_TOKENS} tokens, and more are not allowed. Revoke one that you do not use.",
                code="too_many_tokens",
            )
        row = ApiToken.objects.create(
            user=user, name=name.strip()[:60], digest=_digest(secret), scopes=chosen, created_at=now,
            expires_at=expires_at,
        )  # fmt: skip
    return row, secret


def scopes_for(user: User) -> dict[str, str]:
    """What this user's tokens may be made for, in words by scope."""
    return {scope: words for scope, words in SCOPES.items() if user.is_staff or scope not in STAFF_SCOPES}


def revoke_token(*, user: User, pk: int, now: datetime) -> bool:
    """Make one of the listener's own tokens worthless, for good. False for any other."""
    return bool(ApiToken.objects.filter(user=user, pk=pk, revoked_at=None).update(revoked_at=now))


def revoke_all(*, user: User, now: datetime) -> None:
    """Make every token of a listener worthless, for good."""
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)


def authenticate(*, secret: str, now: datetime) -> ApiToken | None:
    """The token, with its user; None where it is unknown, expired, revoked, or its user's account is closed."""
    row = _living(now).filter(digest=_digest(secret), user__is_active=True).select_related("user").first()
    if row is not None and (row.last_used_at is None or row.last_used_at <= now - USE_NOTED_EVERY):
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def _living(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
