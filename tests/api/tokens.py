"""Programs with tokens, for the tests of the API."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.tokens import create_token, scopes_for


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
