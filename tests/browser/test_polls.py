"""What a page asks for again and again, once it is gone."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.browser.chromium import chromium
from tests.browser.static_site import URL, serve

PAGE = b"""<!doctype html>
<meta name="htmx-config" content='{"responseHandling": [
  {"code": "2..", "swap": true}, {"code": "[45]..", "swap": true, "target": "#errors", "error": true}]}'>
<script src="/static/vendor/htmx-2.0.11/htmx.min.js" defer></script>
<script type="module" src="/static/js/app.js"></script>
<body><div hx-get="/kept" hx-trigger="every 100ms"></div>
<div hx-get="/deleted" hx-trigger="every 100ms"></div><div id="errors"></div>"""


def test_who_polls_what_was_deleted_hears_of_it_once() -> None:
    asked = {"/kept": 0, "/deleted": 0}

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(URL)
        asked[path] += 1
        is_gone = path == "/deleted" and asked[path] > 2
        route.fulfill(status=404 if is_gone else 200, body="It was deleted." if is_gone else "")

    with chromium() as browser:
        page = browser.new_page()
        serve(page, {"/": ("text/html", PAGE), "/kept": answer, "/deleted": answer})
        page.goto(f"{URL}/")
        expect(page.locator("#errors")).to_have_text("It was deleted.")
        n_kept = asked["/kept"]
        page.wait_for_timeout(500)
    assert asked["/deleted"] == 3
    assert asked["/kept"] > n_kept
