"""Two listeners in real browsers: one invites, the other comes, verifies, judges, and both are paid."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from accounts.models import User
from tests.accounts.test_people import vote
from tests.browser.chromium import chromium
from tests.browser.walk import PASSWORD, sign_up
from tests.services.processes import Arena

pytestmark = pytest.mark.django_db(transaction=True)


def judge_five() -> None:
    vote(User.objects.get(username="ben"), 5)
    connection.close()


def mailed_link(arena: Arena) -> str:
    """The link of the newest mail, which without a mail server goes to the log."""
    found = re.findall(rf"{arena.url}/accounts/confirm-email/\S+", arena.log.read_text(errors="replace"))
    return found[-1] if found else ""


def test_an_invitation_from_the_link_to_the_bonus(arena: Arena) -> None:
    arena.environment["CREDITS"] = "on"
    arena.start_web()
    with chromium() as browser:
        anna = browser.new_context().new_page()
        problems: list[str] = []
        sign_up(anna, arena.url, "anna")
        anna.get_by_label("Account of anna").click()
        anna.get_by_role("link", name="Invite friends").click()
        link = anna.get_by_label("Your personal link").input_value()

        ben = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        for page in (anna, ben):
            page.on("pageerror", lambda error: problems.append(str(error)))
        ben.goto(link)
        expect(ben.get_by_role("heading", name="anna invites you")).to_be_visible()
        ben.locator("main").get_by_role("link", name="Sign up").click()
        ben.get_by_label("Username").fill("ben")
        ben.get_by_label("Email").fill("ben@example.org")
        ben.get_by_label("Password", exact=True).fill(PASSWORD)
        ben.get_by_label("Password (again)").fill(PASSWORD)
        ben.get_by_role("button", name="Sign up").click()
        expect(ben.get_by_label("Account of ben")).to_be_visible()

        anna.reload()
        row = anna.get_by_role("row", name="ben")
        expect(row).to_contain_text("waits for a verified e-mail address and 5 more judged battles")
        ben.goto(arena.wait_for(lambda: mailed_link(arena), what="the mail"))
        ben.get_by_role("button", name="Confirm").click()
        # Judging five battles takes minutes; the whole path is walked elsewhere.
        with ThreadPoolExecutor(1) as pool:  # Playwright's own loop keeps the database from this thread
            pool.submit(judge_five).result()

        anna.reload()
        expect(row).to_contain_text("counts")
        anna.get_by_role("link", name="Free mixes").click()
        expect(anna.locator("main")).to_contain_text("You have 8.")
        ben.goto(f"{arena.url}/me/")
        expect(ben.locator("#toasts")).to_contain_text("Your invitation counts")
        assert ben.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        ben.get_by_role("button", name="Close the news").click()
        expect(ben.locator("#toasts")).to_be_empty()
        ben.reload()
        expect(ben.locator("main")).to_contain_text("6")
        assert problems == []
