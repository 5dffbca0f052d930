"""The description of the API and the page of tokens at the width of a phone: no browser complains of either."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import chromium
from tests.browser.test_account_pages import PASSWORD, PHONE, look
from tests.services.processes import Arena

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_description_and_a_token_on_a_phone(arena: Arena) -> None:
    arena.start_web()
    with chromium() as browser:
        page = browser.new_context(viewport=PHONE).new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{arena.url}/api/docs")
        look(page, "API")
        page.get_by_role("link", name="RevealOut").first.click()
        expect(page.locator("#RevealOut")).to_be_in_viewport()

        page.goto(f"{arena.url}/accounts/signup/")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Email").fill("ada@example.com")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password (again)").fill(PASSWORD)
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_label("Account of")).to_be_visible()
        page.goto(f"{arena.url}/me/tokens/")
        look(page, "Is it you?")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        look(page, "API tokens")
        page.get_by_role("textbox", name="Name").fill("a script with a name that is rather long for a phone")
        page.get_by_role("button", name="Make the token").click()
        secret = page.get_by_label("The new token").input_value()
        answer = page.request.get(f"{arena.url}/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
        assert answer.json()["username"] == "ada"
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("revoked", exact=True)).to_be_visible()
        assert not complaints
