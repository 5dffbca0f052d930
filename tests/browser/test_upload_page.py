"""The upload page refuses in the browser what the server would refuse, and shows what the server says."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import chromium
from tests.browser.walk import sign_up
from tests.services.processes import Arena
from tests.tournaments.sound import write_music

pytestmark = pytest.mark.django_db(transaction=True)
TWO_GIGABYTES = 2 * 1024**3


def test_refusals_are_shown_and_the_next_file_goes_through(arena: Arena, tmp_path: Path) -> None:
    arena.start_web()
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        os.truncate(file.fileno(), TWO_GIGABYTES)  # takes no room on the disk
    letter = tmp_path / "letter.wav"
    letter.write_text("This is a letter, whatever its name says. " * 100)
    song = write_music(tmp_path / "song.flac")
    with chromium() as browser:
        page = browser.new_page()
        sign_up(page, arena.url, "ann")
        page.goto(f"{arena.url}/songs/new/")
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

        page.locator("input[type=file]").set_input_files(huge)
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("[data-error]")).to_contain_text("2147 MB, and 1000 MB are allowed")
        assert posts == []

        page.locator("input[type=file]").set_input_files(letter)
        expect(page.locator("[data-error]")).to_be_hidden()
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("[data-error]")).to_contain_text("not a WAV, AIFF, FLAC, MP3 or OGG file")
        expect(page.locator("[data-file-name]")).to_have_text("letter.wav")

        drop(page, song)
        expect(page.locator("[data-file-name]")).to_have_text("song.flac")
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("heading", name="song")).to_be_visible(timeout=20_000)


def drop(page: Page, song: Path) -> None:
    """Let go of a file above the field, as a hand with a mouse does."""
    carried = page.evaluate_handle(
        """([name, base64]) => {
            const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], name));
            return carried;
        }""",
        [song.name, base64.b64encode(song.read_bytes()).decode()],
    )
    page.dispatch_event("[data-drop]", "dragover", {"dataTransfer": carried})
    expect(page.locator("[data-drop]")).to_have_attribute("data-over", "")
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": carried})


def test_the_form_works_without_scripts(arena: Arena, tmp_path: Path) -> None:
    arena.start_web()
    letter = tmp_path / "letter.wav"
    letter.write_text("This is a letter. " * 100)
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        sign_up(page, arena.url, "bob")
        page.goto(f"{arena.url}/songs/new/")
        page.locator("input[type=file]").set_input_files(letter)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("not a WAV, AIFF, FLAC, MP3 or OGG file")).to_be_visible()
        page.locator("input[type=file]").set_input_files(write_music(tmp_path / "song.wav"))
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("heading", name="song")).to_be_visible(timeout=20_000)
        page.goto(f"{arena.url}/mixers/")
        expect(page.get_by_role("heading", name="Mixers")).to_be_visible()
