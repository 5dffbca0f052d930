"""Refusals of the API as application/problem+json.

Source: RFC 9457. `type` is left at about:blank, so `title` is the status phrase; `code` is for programs, `detail` says
what happened and what to do, and `errors` names the fields of a request that was not understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, JsonResponse

API_PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"


def is_api_request(request: HttpRequest) -> bool:
    """Whether whoever asks is a program that expects problem documents."""
    return request.path.startswith(API_PREFIX)


def problem_response(
    *,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """A problem document.

    Args:
        errors: each with `field`, as a path such as body.choice, and `message`.
    """
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        document["errors"] = [dict(error) for error in errors]
    return JsonResponse(document, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))
