"""Programs with tokens, for the tests of the API."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.tokens import create_token, scopes_for
from clients.python.mixarena_client import Arena
from tests.api.sent import body_of


class Program:
    """A client with a token; `get` and the like answer as Django's test client does."""

    def __init__(self, user: User, scopes: Collection[str] | None = None) -> None:
        """With a token for everything, unless scopes are named."""
        self.row, self.secret = create_token(
            user=user, name="test", scopes=scopes or scopes_for(user), expires_at=None, now=timezone.now()
        )
        self._client = Client(raise_request_exception=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}

    def ask(self, method: str, path: str, body: object = None) -> Any:
        if body is None:
            return self._client.generic(method, f"/api/v1{path}", headers=self.headers)
        return self._client.generic(
            method, f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=self.headers
        )

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: object = None) -> Any:
        return self.ask("POST", path, body)

    def upload(self, files: dict[str, Any], path: str = "/songs") -> Any:
        return self._client.post(f"/api/v1{path}", files, headers=self.headers)


class Wire:
    """Stands between the published client and the API, where the network would be."""

    def open(self, request: Request, timeout: float) -> io.BytesIO:
        """The body of an answer. Raises HTTPError for a refusal, as urllib's does."""
        address = urlsplit(request.full_url)
        path = f"{address.path}?{address.query}" if address.query else address.path
        headers = {name.lower(): value for name, value in request.header_items()}
        content_type = headers.pop("content-type", "")
        answer: Any = Client(raise_request_exception=False).generic(
            request.get_method(), path, request.data or b"", content_type=content_type, headers=headers
        )
        if answer.status_code >= 400:
            raise HTTPError(request.full_url, answer.status_code, "", Message(), io.BytesIO(answer.content))
        return io.BytesIO(body_of(answer))


def arena_of(user: User, *scopes: str) -> Arena:
    """The published client, with a token for everything unless scopes are named."""
    arena = Arena("http://testserver", token=Program(user, scopes or None).secret, max_tries=1)
    arena._opener = Wire()  # type: ignore[assignment]
    return arena


def assert_problem(answer: Any, status: int, code: str = "") -> dict[str, Any]:
    """Check the whole shape of a refusal, and return it."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"] and problem["detail"] and problem["code"]
    assert not code or problem["code"] == code
    return problem
