"""The pages of an account at the width of a phone: nothing is cut off, and no browser complains."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.accounts.one_time_codes import current_code
from tests.browser.chromium import chromium
from tests.browser.walk import PASSWORD
from tests.services.processes import Arena

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = ViewportSize(width=390, height=844)


def look(page: Page, heading: str) -> None:
    """Wait for a page, and see that it is no wider than the phone."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], heading


def test_sign_up_address_and_second_step_on_a_phone(arena: Arena) -> None:
    arena.start_web()
    with chromium() as browser:
        page = browser.new_context(viewport=PHONE).new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        page.goto(f"{arena.url}/accounts/signup/")
        look(page, "Sign up")
        page.get_by_label("Username").fill("a-name-long-for-a-phone-screen")
        page.get_by_label("Email").fill("somebody.with.a.long.name@mail.of-a-rather-long-domain.example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password (again)").fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_label("Account of")).to_be_visible()

        page.goto(f"{arena.url}/accounts/email/")
        look(page, "E-mail address")
        expect(page.get_by_text("Not confirmed", exact=True)).to_be_visible()
        page.get_by_role("link", name="Password").click()
        look(page, "Change password")
        page.get_by_role("link", name="Sessions").click()
        look(page, "Sessions")
        page.get_by_role("link", name="Two steps").click()
        look(page, "Log-in in two steps")
        page.get_by_role("link", name="Turn on").click()
        look(page, "Is it you?")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()

        look(page, "Turn on the second step")
        square = page.get_by_role("img", name="QR code")
        assert square.evaluate("image => image.complete && image.naturalWidth > 0")
        page.get_by_text("The app cannot scan?").click()
        secret = page.locator("#totp-secret").inner_text()
        look(page, "Turn on the second step")
        page.get_by_label("Authenticator code").fill(current_code(secret))
        page.get_by_role("button", name="Turn on").click()
        look(page, "Recovery codes")
        expect(page.get_by_role("listitem").filter(has_text=re.compile(r"^\d{8}$"))).to_have_count(10)
        assert complaints == []
