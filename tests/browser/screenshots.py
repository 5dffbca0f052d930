"""Makes the pictures in docs/screenshots anew: `make screenshots`, or `python -m tests.browser.screenshots`.

An arena of its own in a temporary folder, a song that is uploaded, five rounds; once at a desk and once on a phone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import soundfile
from playwright.sync_api import Browser, Page

from mixing.demo_song.render import render_demo_song, write_demo_song
from tests.browser.chromium import chromium
from tests.browser.own_arena import own_arena
from tests.browser.walk import PATIENT_MS, go_on, listen, sign_up, start, upload, vote
from tests.services.processes import ROOT

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"": (1280, 860), "phone-": (390, 844)}
SETTLE_MS = 1200
N_ROUNDS = 5


def main() -> None:
    """Set an arena up, walk through it, and take pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with own_arena() as (arena, folder), chromium() as browser:
        song, stems = write_demo_song(folder), write_stems(folder)
        for prefix, size in SIZES.items():
            walk(browser, arena.url, song, stems, prefix, size)


def write_stems(folder: Path) -> list[Path]:
    """The demo song's stems as files."""
    demo = render_demo_song()
    paths = []
    for name, audio in demo.stems.items():
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], audio.T, demo.sample_rate, subtype="PCM_24")
    return paths


def stems_walk(page: Page, url: str, stems: list[Path], shoot: Callable[..., None]) -> None:
    """A tournament on stems, its winner's recipe, and a version of it."""
    upload(page, url, stems, title="Second Wind, stems")
    page.get_by_text("Loudness range").wait_for(timeout=PATIENT_MS)
    shoot("stems", is_whole=True)
    start(page, genre="Pop", n_rounds=3)
    for number in range(1, 4):
        listen(page)
        vote(page, "5")
        if number < 3:
            go_on(page)
    page.locator("[data-next]").click()
    page.get_by_role("link", name="The whole recipe, and change it").click()
    page.get_by_role("heading", name="Where the stems stand").wait_for()
    shoot("recipe", is_whole=True)
    for name in ("Processed stems, zip", "REAPER project, zip"):
        page.get_by_role("button", name=f"Make it as {name}").click()
        page.get_by_role("link", name=f"Download {name}").wait_for(timeout=PATIENT_MS)
    page.get_by_label("Darker").fill("60")
    page.get_by_label("Less punch").fill("40")
    page.get_by_role("button", name="Render this version").click()
    page.get_by_role("button", name="Take this mix").wait_for(timeout=PATIENT_MS)
    shoot("version", is_whole=True)


def album_walk(page: Page, url: str, shoot: Callable[..., None]) -> None:
    """Both songs as an album."""
    page.goto(f"{url}/songs/")
    page.get_by_role("link", name="Albums").click()
    page.get_by_role("link", name="New album").first.click()
    page.get_by_label("Title").fill("First Light")
    for number, field in enumerate(page.get_by_label("Track number of").all(), start=1):
        field.fill(str(number))
    shoot("album-new", is_whole=True)
    page.get_by_role("button", name="Mix the album").click()
    page.get_by_role("link", name="Download the album").wait_for(timeout=PATIENT_MS)
    shoot("album", is_whole=True)


def walk(browser: Browser, url: str, song: Path, stems: list[Path], prefix: str, size: tuple[int, int]) -> None:
    """One tournament, from the first page to the last."""
    width, height = size
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark").new_page()

    def shoot(name: str, *, is_whole: bool = False) -> None:
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=str(FOLDER / f"{prefix}{name}.png"), full_page=is_whole)

    page.goto(url)
    shoot("home")
    page.goto(f"{url}/accounts/signup/")
    shoot("sign-up")
    sign_up(page, url, f"{prefix or 'desk-'}ann")
    page.goto(f"{url}/songs/new/")
    shoot("upload")
    upload(page, url, song)
    page.get_by_text("Loudness range").wait_for(timeout=PATIENT_MS)
    shoot("song", is_whole=True)
    start(page, genre="Pop", n_rounds=N_ROUNDS)
    listen(page)
    page.keyboard.press("4")
    shoot("battle")
    for number in range(1, N_ROUNDS + 1):
        vote(page, "4" if number % 2 else "1")
        if number == 1:
            page.locator("#before-after [data-track]").first.wait_for(timeout=PATIENT_MS)
            shoot("reveal", is_whole=True)
        if number < N_ROUNDS:
            go_on(page)
            listen(page)
    page.locator("[data-next]").click()
    page.get_by_role("button", name="Make it as WAV, 24 bit").click()
    page.get_by_role("link", name="Download WAV, 24 bit").wait_for(timeout=PATIENT_MS)
    shoot("result", is_whole=True)
    page.goto(f"{url}/tournaments/")
    shoot("history")
    stems_walk(page, url, stems, shoot)
    album_walk(page, url, shoot)
    page.goto(f"{url}/mixers/")
    shoot("mixers")
    page.locator(".board th a", has_text="Young").first.click()
    shoot("mixer", is_whole=True)


if __name__ == "__main__":
    main()
