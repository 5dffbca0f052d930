"""Who asks: a bearer token, its scope, its limits. There is no other way in; sessions and cookies count for nothing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts.models import ApiToken, User
from accounts.services.tokens import authenticate
from api.errors import BodyTooLarge, LengthRequired, ScopeMissing
from api.throttling import take

# Of files that are more than bytes. A stream is described by one of its events.
SHAPES = {
    "application/json": {"type": "object"},
    "text/event-stream": {
        "type": "object",
        "required": ["data"],
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    },
}


class ApiRequest(HttpRequest):
    """A request with a valid token."""

    user: User
    auth: ApiToken


class TokenAuth(HttpBearer):
    """Lets a request in whose token has a scope."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token; None for one that is not valid. Raises ApiError for what a valid one is refused."""
        row = authenticate(secret=token, now=timezone.now())
        if row is None:
            return None
        take(name=f"token-{row.pk}", limit=settings.API_REQUESTS_PER_MINUTE, window_s=60)
        if self.scope not in row.scopes:
            raise ScopeMissing(
                f"This needs a token with the scope {self.scope!r}, and yours has: {', '.join(row.scopes)}. "
                "Make another one at /me/tokens/.",
                code="scope",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{self.scope}"'},
            )
        _check_size(request)
        request.user = row.user
        return row


def scoped(scope: str, *, sends: str = "", in_ranges: bool = True) -> dict[str, Any]:
    """The arguments of an operation that needs a scope.

    Args:
        sends: the media type of an answer that is a file.
        in_ranges: whether parts of that file may be asked for.
    """
    extra: dict[str, Any] = {"x-scope": scope}
    if sends:
        content = {sends: {"schema": SHAPES.get(sends, {"type": "string", "format": "binary"})}}
        extra["responses"] = {200: {"description": "The file", "content": content}}
        if in_ranges:
            extra["responses"] |= {
                206: {"description": "The range of it that was asked for", "content": content},
                304: {"description": "The file that you have"},
                416: {"description": "A range that the file does not have"},
            }
    return {"auth": TokenAuth(scope), "openapi_extra": extra}


def _check_size(request: HttpRequest) -> None:
    """Files have their own limits; everything else is small. Nothing was read of the body so far."""
    if request.method not in ("POST", "PUT", "PATCH") or request.content_type == "multipart/form-data":
        return
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired("The body does not say how long it is. Send it with a Content-Length.", code="no_length")
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > settings.API_MAX_JSON_BYTES:
        raise BodyTooLarge(
            f"The body is larger than {settings.API_MAX_JSON_BYTES} bytes. Send less at once.", code="too_large"
        )
