"""Makes the pictures in docs/screenshots anew: `make screenshots`, or `python -m tests.browser.screenshots`.

An arena of its own in a temporary folder, a song that is uploaded, five rounds; once at a desk and once on a phone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from mixing.demo_song.render import write_demo_song
from tests.browser.chromium import chromium
from tests.browser.walk import PATIENT_MS, go_on, listen, sign_up, start, upload, vote
from tests.services.processes import ROOT, Arena, free_port

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"": (1280, 860), "phone-": (390, 844)}
SETTLE_MS = 1200
N_ROUNDS = 5


def main() -> None:
    """Set an arena up, walk through it, and take pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "VAR_DIR": folder,
            "ARENA_PORT": str(free_port()),
            "NUMBA_CACHE_DIR": str(ROOT / "var" / "numba"),
        }
        arena = Arena(environment, Path(folder))
        try:
            subprocess.run([sys.executable, "manage.py", "set_up"], cwd=ROOT, env=environment, check=True)
            arena.start("arena")
            arena.wait_for(lambda: arena.get("/healthz")[0] == 200, what="a healthy arena")
            with chromium() as browser:
                song = write_demo_song(Path(folder))
                for prefix, size in SIZES.items():
                    walk(browser, arena.url, song, prefix, size)
        finally:
            arena.close()


def walk(browser: Browser, url: str, song: Path, prefix: str, size: tuple[int, int]) -> None:
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
    page.goto(f"{url}/mixers/")
    shoot("mixers")
    page.locator(".board th a", has_text="Young").first.click()
    shoot("mixer", is_whole=True)


if __name__ == "__main__":
    main()
