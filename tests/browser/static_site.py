"""The site's own scripts and styles at an address that only the browser under test knows: pages without a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page, Route

URL = "https://player.test"
STATIC = Path(__file__).resolve().parents[2] / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}

Answer = tuple[str, bytes]


def serve(page: Page, answers: Mapping[str, Answer | Callable[[Route], None]]) -> None:
    """Answer for URL.

    Args:
        answers: by path, a content type and a body, or what handles the request itself. The rest are static files.
    """

    def handle(route: Route) -> None:
        path = route.request.url.removeprefix(URL).split("?")[0]
        answer = answers.get(path)
        file = STATIC / path.removeprefix("/static/")
        if callable(answer):
            answer(route)
        elif answer is not None:
            route.fulfill(content_type=answer[0], body=answer[1])
        elif path.startswith("/static/") and file.is_file():
            route.fulfill(content_type=TYPES.get(file.suffix, "application/octet-stream"), body=file.read_bytes())
        else:
            route.fulfill(status=404, body="")

    page.route(f"{URL}/**", handle)


def as_json(value: object) -> Answer:
    """An answer of JSON."""
    return "application/json", json.dumps(value).encode()
