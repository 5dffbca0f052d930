"""What a browser remembers of accounts: whose link it came by, whose it has opened, and who was logged in on it before.

All are signed, so that nobody can write them; none says anything to other sites.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REFERRAL_COOKIE, REFERRAL_AGE = "invited_by", timedelta(days=60)
DEVICE_COOKIE, DEVICE_AGE = "device", timedelta(days=400)
OPENED_COOKIE = "opened_links"
# Of those who were logged in on one browser, and of the links that it opened, so many are remembered.
MAX_REMEMBERED = 20


def remember_referral(response: HttpResponse, code: str) -> None:
    """Keep the code for whenever the visitor signs up. The newest link counts."""
    _set(response, REFERRAL_COOKIE, code, REFERRAL_AGE)


def referral_code(request: HttpRequest) -> str:
    """The code that the visitor came with; empty if there is none."""
    return str(request.get_signed_cookie(REFERRAL_COOKIE, "", max_age=REFERRAL_AGE))


def earlier_accounts(request: HttpRequest) -> list[int]:
    """Ids of those who were logged in on this browser."""
    return [int(word) for word in _words(request, DEVICE_COOKIE)]


def remember_account(request: HttpRequest, response: HttpResponse, user_id: int) -> None:
    """Note that somebody is logged in on this browser, and that an invitation has served."""
    accounts = [*(pk for pk in earlier_accounts(request) if pk != user_id), user_id][-MAX_REMEMBERED:]
    _set(response, DEVICE_COOKIE, ".".join(str(pk) for pk in accounts), DEVICE_AGE)
    response.delete_cookie(REFERRAL_COOKIE, samesite="Lax")


def has_opened(request: HttpRequest, code: str) -> bool:
    """Whether a visit of this browser by this code was counted."""
    return code in _words(request, OPENED_COOKIE)


def remember_opened(request: HttpRequest, response: HttpResponse, code: str) -> None:
    """Note that a visit of this browser was counted."""
    _set(response, OPENED_COOKIE, ".".join([*_words(request, OPENED_COOKIE), code][-MAX_REMEMBERED:]), DEVICE_AGE)


def _words(request: HttpRequest, cookie: str) -> list[str]:
    return [word for word in str(request.get_signed_cookie(cookie, "", max_age=DEVICE_AGE)).split(".") if word]


def _set(response: HttpResponse, name: str, value: str, age: timedelta) -> None:
    response.set_signed_cookie(
        name, value, max_age=age, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
