"""What a musician does, step by step, in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, expect

PASSWORD = "a long sentence that only this test knows"
# What the server asks to hear of each side, with room for its clock.
LISTEN_MS = 5600
PATIENT_MS = 60_000


def sign_up(page: Page, url: str, name: str) -> None:
    """From the first page to an account."""
    page.goto(url)
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label(f"Account of {name}")).to_be_visible()


def upload(page: Page, url: str, song: Path | Sequence[Path], *, title: str = "") -> None:
    """A file, or stems, through the form, until their page shows that they can battle."""
    page.goto(f"{url}/songs/new/")
    page.get_by_label("Drop a song or its stems here").set_input_files(song)
    if title:
        page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("button", name="Confirm and start")).to_be_visible(timeout=PATIENT_MS)


def start(page: Page, *, genre: str, n_rounds: int) -> None:
    """Confirm the genre, choose the rounds, and wait for the first battle."""
    page.get_by_label("Genre", exact=True).select_option(label=genre)
    page.locator(".choices label", has_text=str(n_rounds)).click()
    page.get_by_role("button", name="Confirm and start").click()
    stage(page)


def stage(page: Page) -> None:
    """Wait until both mixes can be heard."""
    expect(page.locator("[data-pad=a]")).to_be_enabled(timeout=PATIENT_MS)
    expect(page.locator("[data-pad=b]")).to_be_enabled()


def listen(page: Page) -> None:
    """Hear enough of both sides, by keys alone."""
    for key in ("a", "b"):
        page.keyboard.press(key)
        expect(page.locator(f"[data-pad={key}]")).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(LISTEN_MS)


def vote(page: Page, key: str) -> None:
    """Set the slider with a key from 1 to 5 and commit with Enter."""
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator("#reveal-title")).to_be_visible(timeout=PATIENT_MS)


def go_on(page: Page) -> None:
    """From a reveal to the next battle."""
    page.locator("[data-next]").click(timeout=PATIENT_MS)
    stage(page)
