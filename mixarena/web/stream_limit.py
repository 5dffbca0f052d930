"""How many live streams one client may hold open in a web process, and how one more is refused.

A client is a listener who is logged in, on whatever device, or else everybody at one network address together.
"""

from __future__ import annotations

import logging
from ipaddress import ip_address

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mixarena.web.errors import error_response

logger = logging.getLogger(__name__)

# As often as pages ask that have no stream.
RETRY_AFTER_S = 10


def client_of(request: HttpRequest) -> str:
    """Under which name the streams of whoever asks are counted together; "" for those that are not counted.

    The address is the one that log-ins are limited by. Streams from this very machine are not counted where only this
    machine can ask. Reads the session, and so the database.
    """
    address = str(get_adapter().get_client_ip(request))
    if _is_loopback(address) and _is_loopback(settings.ARENA_HOST) and not settings.IS_HTTPS:
        return ""
    return f"listener {request.user.pk}" if request.user.is_authenticated else f"address {address}"


def refuse(request: HttpRequest) -> HttpResponse:
    """The answer to a client that holds all the streams that it may."""
    logger.info("refused path=%s code=too_many_streams status=429", request.path)
    message = (
        f"Your account or network has {settings.MAX_STREAMS} live streams open, and more are not given. "
        "Close some, or ask for news every few seconds instead."
    )
    response = error_response(request, status=429, message=message, code="too_many_streams")
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
