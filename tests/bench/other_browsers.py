"""What a stranger does first, in the system's Firefox: the demo battle, and signing up. On an arena that runs.

Playwright drives Firefox by WebDriver BiDi. The release that the tests use asks for more than Firefox ESR 153 knows:

    uv run --no-project --with playwright==1.58.0 python -m tests.bench.other_browsers http://127.0.0.1:8000
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.browser.walk import LISTEN_MS, listen, sign_up, stage, vote

NAMES = ("firefox", "firefox-esr")
RUN_S = 2.0
# How far the sound's clock may be from the page's after RUN_S, which is asked for over a socket.
CLOCK_S = 0.5


def main() -> int:
    """0 where all of it works and the console stays empty."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None or len(sys.argv) != 2:
        print(f"{__doc__}\nFirefox, on Debian: apt-get install firefox-esr", file=sys.stderr)
        return 2
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(channel="moz-firefox", executable_path=program)
        print(f"Firefox {browser.version}")
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        try:
            walk(page, sys.argv[1].rstrip("/"))
        finally:
            browser.close()
    print("\n".join(problems) or "The console stayed empty.")
    return int(bool(problems))


def walk(page: Page, url: str) -> None:
    """The stranger's way. Raises AssertionError; RuntimeError where the machine has nothing to play on."""
    page.goto(url)
    page.get_by_role("button", name="Judge a blind battle now").click()
    stage(page)
    page.keyboard.press(" ")
    page.wait_for_timeout(LISTEN_MS)
    if page.locator("[data-trouble]", has_text="cannot play now").is_visible():
        raise RuntimeError("No device plays. Where there is no sound card: PulseAudio with module-null-sink.")
    clock_s, place_s, began_s = deck(page, "output.context.currentTime"), deck(page, "position"), time.monotonic()
    page.wait_for_timeout(1000 * RUN_S)
    ran_s, passed_s = deck(page, "output.context.currentTime") - clock_s, time.monotonic() - began_s
    assert abs(ran_s - passed_s) < CLOCK_S, f"the sound ran for {ran_s} s in {passed_s} s"
    assert deck(page, "position") != place_s
    side = deck(page, "selected")
    page.keyboard.press("x")
    assert deck(page, "selected") != side
    listen(page)
    vote(page, "4")
    print("Played, switched and voted.")
    sign_up(page, url, f"fox{time.time_ns() // 1_000_000 % 10**9}")
    print("Signed up.")


def deck(page: Page, expression: str) -> Any:
    """What the page's player says of itself."""
    return page.evaluate(f"document.querySelector('.battle').deck.{expression}")


if __name__ == "__main__":
    sys.exit(main())
