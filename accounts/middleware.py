"""What is noted of requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

from accounts.services.networks import note_address


@sync_and_async_middleware
def network_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Sessions follow their listener from network to network, as far as the listener does something (POST).

    Allauth's own tracking (USERSESSIONS_TRACK_ACTIVITY) would write at every request, pages and sound included.
    """
    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> Any:
            if request.method == "POST":
                await sync_to_async(_note)(request)
            return await get_response(request)

        return handle_async

    def handle(request: HttpRequest) -> Any:
        if request.method == "POST":
            _note(request)
        return get_response(request)

    return handle


def _note(request: HttpRequest) -> None:
    if request.user.is_authenticated and request.session.session_key:
        note_address(session_key=request.session.session_key, address=get_adapter().get_client_ip(request))
