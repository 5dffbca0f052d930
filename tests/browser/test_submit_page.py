"""Submitting a mixer on a phone: a refusal that is read, a mixer that is checked, and its zip taken along."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import expect

from evolution.models import Submission
from tests.browser.chromium import chromium
from tests.browser.walk import sign_up
from tests.services.processes import Arena
from tests.submitted import made
from tests.tournaments.sound import enter
from tournaments.services.community import check_submission

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}


def in_a_thread(work: Callable[[], object]) -> None:
    """Playwright's own thread may not ask the database."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()


def test_a_mixer_is_submitted_checked_and_taken_along(arena: Arena, tmp_path: Path) -> None:
    enter("elite-warrior")
    weights, card, pickled = (tmp_path / name for name in ("mine.safetensors", "card.toml", "mine.pt"))
    for path, content in zip((weights, card, pickled), (*made(), b"\x80\x04pickle......"), strict=True):
        path.write_bytes(content)
    arena.start_web()
    with chromium() as browser:
        page = browser.new_context(viewport=PHONE).new_page()  # type: ignore[arg-type]
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        sign_up(page, arena.url, "anna")
        page.goto(f"{arena.url}/mixers/")
        page.get_by_role("link", name="Submit it").click()
        for path, said in ((pickled, "could run programs here"), (weights, "being checked")):
            page.get_by_label("Weights").set_input_files(path)
            page.get_by_label("Card", exact=True).set_input_files(card)
            page.get_by_role("button", name="Submit").click()
            expect(page.get_by_text(said)).to_be_visible()
        in_a_thread(lambda: check_submission(Submission.objects.get().pk))
        expect(page.get_by_text("waiting for a curator")).to_be_visible()
        for summary in page.locator("main summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        page.goto(f"{arena.url}/mixers/elite-warrior/")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download weights and card").click()
        assert download.value.suggested_filename == "mixarena-elite-warrior.zip"
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert problems == []
