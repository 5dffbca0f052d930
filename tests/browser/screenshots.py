"""Makes the pictures in docs/screenshots anew: `make screenshots`, or `python -m tests.browser.screenshots`.

An arena of its own in a temporary folder, a song and its stems that ann uploads, battles, shares and tests her ears on,
ben who judges them, and a curator. Each page is taken at a desk by night and by day, the main ones on a phone too.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from mixing.demo_song.render import render_demo_song, write_demo_song
from tests.browser.chromium import chromium
from tests.browser.own_arena import own_arena
from tests.browser.walk import PASSWORD, PATIENT_MS, go_on, listen, sign_up, start, upload, vote
from tests.services.processes import ROOT, Arena

FOLDER = ROOT / "docs" / "screenshots"
DESK, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
# A picture shows at most so many screens, at the width that the tour shows it in.
SCREENS, SHOWN_WIDTH = 2.2, 880
QUALITY = 50
SETTLE_MS = 900
N_ROUNDS, N_TRIALS = 5, 8

PLACES = (
    ("cabinet", "/me/cabinet/"),
    ("votes", "/me/changes/"),
    ("patterns", "/me/analytics/"),
    ("friends", "/me/friends/"),
    ("news", "/me/notices/"),
    ("email", "/accounts/email/"),
    ("password", "/accounts/password/change/"),
    ("two-steps", "/accounts/2fa/"),
    ("sessions", "/accounts/sessions/"),
    ("data", "/me/data/"),
    ("leave", "/me/leave/"),
    ("not-found", "/nowhere/"),
    ("api", "/api/docs"),
    ("people", "/people/"),
    ("submit", "/mixers/submit/"),
)
SECTIONS = ("arena", "mixers", "evolution", "listeners", "funnel", "jobs")


class Camera:
    """Takes what a page shows, without loading it again."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder

    def shoot(self, name: str, *, on_phone: bool = False) -> None:
        """A desk by night and by day, and a phone by night."""
        self._take(name, DESK, "dark")
        self._take(f"{name}-light", DESK, "light")
        if on_phone:
            self._take(f"{name}-phone", PHONE, "dark")
        self.page.set_viewport_size(DESK)
        self.page.emulate_media(color_scheme="dark")

    def _take(self, name: str, size: ViewportSize, scheme: str) -> None:
        self.page.set_viewport_size(size)
        self.page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        # A window as high as the page has its tabs below and not across it.
        height = min(self.page.evaluate("document.documentElement.scrollHeight"), round(SCREENS * size["height"]))
        self.page.set_viewport_size({**size, "height": height})
        self.page.evaluate("scrollTo(0, 0)")
        self.page.wait_for_timeout(SETTLE_MS)
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        if image.width > SHOWN_WIDTH:
            shown = (SHOWN_WIDTH, round(image.height * SHOWN_WIDTH / image.width))
            image = image.resize(shown, Image.Resampling.LANCZOS)
        image.save(self.folder / f"{name}.webp", quality=QUALITY, method=6)


def main() -> None:
    """Set an arena up, walk through it, and take pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with own_arena() as (arena, folder), chromium() as browser:
        walk(browser, arena, folder, FOLDER)


def walk(browser: Browser, arena: Arena, scratch: Path, pictures: Path) -> None:
    """Everybody's way through the arena.

    Args:
        scratch: for the song and its stems. pictures: a folder that is there.
    """
    url = arena.url
    with visitor(browser, pictures) as (stranger, at_the_door), visitor(browser, pictures) as (ann, camera):
        doors(stranger, url, at_the_door)
        sign_up(ann, url, "ann")
        link = own_song(ann, url, write_demo_song(scratch), camera)
        shared(stranger, link, at_the_door)
        queue(browser, url, pictures)
        abx(ann, camera)
        stems_walk(ann, url, write_stems(scratch), camera)
        album_walk(ann, url, camera)
        arena.manage("rebuild_rollups")
        places(ann, url, camera)
        curation(browser, arena, pictures)


@contextmanager
def visitor(browser: Browser, pictures: Path) -> Iterator[tuple[Page, Camera]]:
    """Somebody's own browser."""
    context = browser.new_context(viewport=DESK, color_scheme="dark")
    page = context.new_page()
    try:
        yield page, Camera(page, pictures)
    finally:
        context.close()


def write_stems(folder: Path) -> list[Path]:
    """The demo song's stems as files."""
    demo = render_demo_song()
    paths = []
    for name, audio in demo.stems.items():
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], audio.T, demo.sample_rate, subtype="PCM_24")
    return paths


def doors(page: Page, url: str, camera: Camera) -> None:
    """What strangers see."""
    for name, path in (
        ("home", "/"),
        ("sign-up", "/accounts/signup/"),
        ("log-in", "/accounts/login/"),
        ("lost-password", "/accounts/password/reset/"),
        ("judge-door", "/judge/"),
    ):
        page.goto(f"{url}{path}")
        camera.shoot(name, on_phone=name in ("home", "sign-up"))


def own_song(page: Page, url: str, song: Path, camera: Camera) -> str:
    """A whole tournament, from the upload to the link that shares it."""
    page.goto(f"{url}/songs/")
    camera.shoot("no-songs")
    page.goto(f"{url}/songs/new/")
    camera.shoot("upload", on_phone=True)
    upload(page, url, song)
    page.get_by_text("Loudness range").wait_for(timeout=PATIENT_MS)
    camera.shoot("song", on_phone=True)
    start(page, genre="Pop", n_rounds=N_ROUNDS)
    listen(page)
    page.keyboard.press("4")
    page.evaluate("document.activeElement.blur()")
    camera.shoot("battle", on_phone=True)
    for number in range(1, N_ROUNDS + 1):
        vote(page, "4" if number % 2 else "1")
        if number == 1:
            page.locator("#before-after [data-track]").first.wait_for(timeout=PATIENT_MS)
            camera.shoot("reveal", on_phone=True)
        if number < N_ROUNDS:
            go_on(page)
            listen(page)
    page.locator("[data-next]").click()
    page.get_by_role("button", name="Make it as WAV, 24 bit").click()
    page.get_by_role("link", name="Download WAV, 24 bit").wait_for(timeout=PATIENT_MS)
    camera.shoot("result", on_phone=True)
    page.get_by_role("link", name="Share", exact=True).click()
    page.locator(".choices label", has_text="Public").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make a clip to post").first.click()
    page.get_by_role("link", name="Picture").wait_for(timeout=PATIENT_MS)
    camera.shoot("sharing", on_phone=True)
    link = page.get_by_label("Link, the whole tournament").input_value()
    for name, path in (("history", "/tournaments/"), ("songs", "/songs/")):
        page.goto(f"{url}{path}")
        camera.shoot(name)
    return link


def shared(page: Page, link: str, camera: Camera) -> None:
    """A stranger opens what was shared, judges a round, and sees what everybody heard."""
    page.goto(link)
    camera.shoot("shared", on_phone=True)
    page.get_by_role("link", name="Judge the next battle").click()
    camera.shoot("invitation")
    page.get_by_role("button", name="Listen and judge").click()
    expect(page.locator("[data-pad=a]")).to_be_enabled(timeout=PATIENT_MS)
    listen(page)
    vote(page, "2")
    camera.shoot("shared-reveal", on_phone=True)
    page.goto(f"{link.partition('/s/')[0]}/listen/")
    camera.shoot("listen")


def queue(browser: Browser, url: str, pictures: Path) -> None:
    """ben judges for others."""
    with visitor(browser, pictures) as (page, camera):
        sign_up(page, url, "ben")
        page.goto(f"{url}/judge/")
        expect(page.locator("[data-pad=a]")).to_be_enabled(timeout=PATIENT_MS)
        camera.shoot("judge", on_phone=True)
        listen(page)
        vote(page, "1")
        camera.shoot("judged")


def abx(page: Page, camera: Camera) -> None:
    """ann tests whether she hears the difference of a round's two mixes; she always says that X is A."""
    page.go_back()
    page.goto(page.url.partition("/tournaments/")[0] + "/tournaments/")
    page.locator("main .list__item").first.click()
    page.locator("main a[href*='/rounds/']").first.click()
    page.get_by_role("link", name="ABX").click()
    camera.shoot("abx")
    page.locator(".choices label", has_text=str(N_TRIALS)).click()
    page.get_by_role("button", name="Start").click()
    for number in range(1, N_TRIALS + 1):
        expect(page.get_by_role("heading", name=f"Trial {number} of {N_TRIALS}")).to_be_visible(timeout=PATIENT_MS)
        expect(page.locator("[data-pad=x]")).to_be_enabled(timeout=PATIENT_MS)
        page.keyboard.press("x")
        page.keyboard.press("1")
        page.wait_for_timeout(1000)
        if number == 1:
            camera.shoot("abx-trial", on_phone=True)
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"of {N_TRIALS} right")).to_be_visible(timeout=PATIENT_MS)
    camera.shoot("abx-result")


def stems_walk(page: Page, url: str, stems: list[Path], camera: Camera) -> None:
    """A tournament on stems, its winner's recipe, and a version of it."""
    upload(page, url, stems, title="Second Wind, stems")
    page.get_by_text("Loudness range").wait_for(timeout=PATIENT_MS)
    camera.shoot("stems", on_phone=True)
    start(page, genre="Pop", n_rounds=3)
    for number in range(1, 4):
        listen(page)
        vote(page, "5")
        if number < 3:
            go_on(page)
    page.locator("[data-next]").click()
    page.get_by_role("link", name="The whole recipe, and change it").click()
    page.get_by_role("heading", name="Where the stems stand").wait_for()
    camera.shoot("recipe", on_phone=True)
    for name in ("Processed stems, zip", "REAPER project, zip"):
        page.get_by_role("button", name=f"Make it as {name}").click()
        page.get_by_role("link", name=f"Download {name}").wait_for(timeout=PATIENT_MS)
    page.get_by_label("Darker").fill("60")
    page.get_by_label("Less punch").fill("40")
    page.get_by_role("button", name="Render this version").click()
    page.get_by_role("button", name="Take this mix").wait_for(timeout=PATIENT_MS)
    camera.shoot("version")


def album_walk(page: Page, url: str, camera: Camera) -> None:
    """Both songs as an album."""
    page.goto(f"{url}/albums/new/")
    page.get_by_label("Title").fill("First Light")
    for number, field in enumerate(page.get_by_label("Track number of").all(), start=1):
        field.fill(str(number))
    camera.shoot("album-new")
    page.get_by_role("button", name="Mix the album").click()
    page.get_by_role("link", name="Download the album").wait_for(timeout=PATIENT_MS)
    camera.shoot("album")
    page.goto(f"{url}/albums/")
    camera.shoot("albums")


def places(page: Page, url: str, camera: Camera) -> None:
    """The mixers, and what is ann's own."""
    page.goto(f"{url}/mixers/")
    camera.shoot("mixers", on_phone=True)
    page.locator(".board th a", has_text="Young").first.click()
    camera.shoot("mixer", on_phone=True)
    page.goto(f"{url}/mixers/family/")
    camera.shoot("family", on_phone=True)
    page.goto(f"{url}/mixers/?board=official")
    camera.shoot("official")
    page.goto(f"{url}/me/")
    camera.shoot("progress", on_phone=True)
    page.goto(f"{url}/people/ann/")
    camera.shoot("person")
    page.goto(f"{url}/accounts/reauthenticate/?next=/me/tokens/")
    camera.shoot("is-it-you")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    camera.shoot("tokens")
    for name, path in PLACES:
        page.goto(f"{url}{path}")
        camera.shoot(name)
    page.goto(f"{url}/accounts/2fa/totp/activate/")
    camera.shoot("second-step")


def curation(browser: Browser, arena: Arena, pictures: Path) -> None:
    """The arena's numbers, which curators see."""
    with visitor(browser, pictures) as (page, camera):
        sign_up(page, arena.url, "cleo")
        arena.manage(
            "shell",
            "-c",
            "from accounts.models import User; User.objects.filter(username='cleo').update(is_staff=True)",
        )
        for section in SECTIONS:
            page.goto(f"{arena.url}/analytics/{section}/")
            camera.shoot(f"analytics-{section}")


if __name__ == "__main__":
    main()
