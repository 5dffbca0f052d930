"""The API as one object: its routers, what it says of itself, and how it refuses."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from api.errors import ApiError
from api.routers import (
    abx,
    albums,
    analytics,
    audience,
    ballots,
    exports,
    links,
    listeners,
    mixers,
    mixes,
    own,
    queue,
    songs,
    submissions,
    tournaments,
)
from mixarena.web.errors import DEFAULT_STATUS
from mixarena.web.problems import CONTENT_TYPE, problem_response
from mixing.errors import MixArenaError

logger = logging.getLogger(__name__)

DESCRIPTION = (
    "Songs, tournaments, votes, links, mixes, albums, mixers and boards, for programs. Make a token at /me/tokens/ and "
    "send it with every request as `Authorization: Bearer TOKEN`. Every refusal is a problem document (RFC 9457)."
)
PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "code": {"type": "string", "description": "For programs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
REFUSALS = {
    "401": "No valid token.",
    "403": "The token lacks the scope, or the thing is not yours.",
    "404": "There is no such thing, or it is not yours.",
    "422": "The request was understood and cannot be done as it is.",
    "429": "Too many requests; Retry-After says when to go on.",
    "default": "Any other refusal.",
}


class ArenaAPI(NinjaAPI):
    """Ninja's, with the refusals and the scopes in its description."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Every operation with its scope and its problem documents."""
        schema = super().get_openapi_schema(**options)
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        schema["components"].setdefault("schemas", {})["Problem"] = PROBLEM
        for methods in schema["paths"].values():
            for operation in methods.values():
                for status, description in REFUSALS.items():
                    operation["responses"].setdefault(status, {"description": description, "content": content})
                operation["security"] = [{"TokenAuth": [operation["x-scope"]]}]
        return schema


api = ArenaAPI(
    title="MixArena",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
)
for prefix, router, tag in (
    ("/v1", mixers.router, "Mixers and boards"),
    ("/v1", submissions.router, "Mixers of your own"),
    ("/v1", listeners.router, "Listeners"),
    ("/v1", own.router, "What is yours"),
    ("/v1", analytics.router, "Numbers"),
    ("/v1", songs.router, "Songs"),
    ("/v1", tournaments.router, "Tournaments"),
    ("/v1", ballots.router, "Tournaments"),
    ("/v1", mixes.router, "Finished mixes"),
    ("/v1", exports.router, "Files"),
    ("/v1", albums.router, "Albums"),
    ("/v1", links.router, "Links and clips"),
    ("/v1", audience.router, "What others share"),
    ("/v1", queue.router, "The judging queue"),
    ("/v1", abx.router, "ABX tests"),
):
    api.add_router(prefix, router, tags=[tag])


@api.exception_handler(MixArenaError)
def refused(request: HttpRequest, error: MixArenaError) -> HttpResponse:
    """What services and the API refuse on purpose."""
    status = getattr(error, "status", DEFAULT_STATUS)
    logger.info("refused path=%s code=%s status=%s", request.path, error.code, status)
    headers = error.headers if isinstance(error, ApiError) else {}
    return problem_response(status=status, code=error.code, detail=error.message, headers=headers)


@api.exception_handler(AuthenticationError)
def not_authenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, or one that is unknown, expired or revoked: which of these is nobody's business."""
    return problem_response(
        status=401,
        code="token",
        detail="This needs a valid token. Make one at /me/tokens/ and send it as Authorization: Bearer TOKEN.",
        headers={"WWW-Authenticate": "Bearer"},
    )


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """What does not exist, or may not be seen."""
    return problem_response(status=404, code="not_found", detail="There is no such thing, or it is not yours.")


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A request that does not keep to the description."""
    errors = [{"field": ".".join(str(part) for part in e["loc"]), "message": str(e["msg"])} for e in error.errors]
    detail = "The request does not keep to the description at /api/docs. Correct what `errors` names."
    return problem_response(status=422, code="invalid", detail=detail, errors=errors)


@api.exception_handler(HttpError)
def other(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON."""
    return problem_response(status=error.status_code, code="bad_request", detail=f"{error}. Send valid JSON.")
