"""What a browser remembers of accounts: whose link it came by, and who was logged in on it before.

Both are signed, so that nobody can write them; neither says anything to other sites.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REFERRAL_COOKIE, REFERRAL_AGE = "invited_by", timedelta(days=60)
DEVICE_COOKIE, DEVICE_AGE = "device", timedelta(days=400)
# Of those who were logged in on one browser, so many are remembered.
MAX_REMEMBERED = 20


def remember_referral(response: HttpResponse, code: str) -> None:
    """Keep the code for whenever the visitor signs up. The newest link counts."""
    _set(response, REFERRAL_COOKIE, code, REFERRAL_AGE)


def referral_code(request: HttpRequest) -> str:
    """The code that the visitor came with; empty if there is none."""
    return str(request.get_signed_cookie(REFERRAL_COOKIE, "", max_age=REFERRAL_AGE))


def earlier_accounts(request: HttpRequest) -> list[int]:
    """Ids of those who were logged in on this browser."""
    value = str(request.get_signed_cookie(DEVICE_COOKIE, "", max_age=DEVICE_AGE))
    return [int(word) for word in value.split(".") if word]


def remember_account(request: HttpRequest, response: HttpResponse, user_id: int) -> None:
    """Note that somebody is logged in on this browser, and that an invitation has served."""
    accounts = [*(pk for pk in earlier_accounts(request) if pk != user_id), user_id][-MAX_REMEMBERED:]
    _set(response, DEVICE_COOKIE, ".".join(str(pk) for pk in accounts), DEVICE_AGE)
    response.delete_cookie(REFERRAL_COOKIE, samesite="Lax")


def _set(response: HttpResponse, name: str, value: str, age: timedelta) -> None:
    response.set_signed_cookie(
        name, value, max_age=age, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
