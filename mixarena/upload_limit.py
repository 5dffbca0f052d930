"""Refuses request bodies that are too large before anything reads them.

Under ASGI Django takes in the whole body before the first middleware runs, so the limit has to sit in front of it.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest

from mixarena.web.errors import error_response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Closing while the client still sends makes the system reset the connection, which can take the answer with it. A
# client that is told to stop and given this long has read the answer.
LINGER_S = 1.0


class BodyTooLargeError(Exception):
    """More bytes came than the limit allows."""


class UploadLimit:
    """An ASGI application around another one that answers 413 for bodies above a limit."""

    def __init__(self, application: Application, max_bytes: int) -> None:
        self.application = application
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        if _declared_bytes(scope) > self.max_bytes:
            await self._refuse(scope, send)
            return
        n_received = 0
        has_started = False

        async def counted_receive() -> Message:
            nonlocal n_received
            message = await receive()
            n_received += len(message.get("body", b""))
            if n_received > self.max_bytes:
                raise BodyTooLargeError
            return message

        async def noted_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.application(scope, counted_receive, noted_send)
        except BodyTooLargeError:
            if has_started:
                raise
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        message = (
            f"The upload is larger than the limit of {self.max_bytes // 1_000_000} MB. "
            "Choose a smaller file, or convert it to FLAC first."
        )
        request = ASGIRequest(dict(scope), io.BytesIO())
        response = error_response(request, status=413, message=message, code="too_large", is_request_usable=False)
        headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
        headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": response.content, "more_body": True})
        await asyncio.sleep(LINGER_S)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
