"""Every page of the site, looked at by axe: as stranger, listener and curator, on a phone by night, at a desk by day.

Also what a page weighs when it is opened for the first time, and that nothing on it jumps while it loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from django.urls import URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.accounts.one_time_codes import current_code
from tests.browser.chromium import chromium
from tests.browser.full_arena import DAYS, PASSWORD, FullArena, fill
from tests.services.processes import Arena
from tournaments.selectors.analytics import SECTIONS

pytestmark = pytest.mark.django_db(transaction=True)
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=860)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Those that theme and width may change.
RULES_OF_LOOKS = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
MAX_BYTES, MAX_SHIFT = 300_000, 0.02
SETTLED_MS = 500
STRANGER, NOWHERE = "", "/nowhere/"
FIRST_SEEN = {
    "tournaments:home": STRANGER, "tournaments:battle": "ann", "tournaments:reveal": "ann",
    "tournaments:tournament": "ann",
}  # fmt: skip

# Whoever sees a page that is not a listener's alone.
STRANGERS = {
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_inactive",
    "account_email_verification_sent", "account_confirm_email", "api-docs", "accounts:join", "social:battle",
    "social:shared", "tournaments:people",
}  # fmt: skip
ANYBODY = {"tournaments:home", "social:feed", "social:judge", "tournaments:mixers", "tournaments:mixer"}
LISTENERS = {
    "account_logout", "account_reauthenticate", "account_email", "account_change_password", "mfa_index",
    "mfa_activate_totp", "usersessions_list", "accounts:progress", "accounts:cabinet", "accounts:credits",
    "accounts:referrals", "accounts:notices", "accounts:tokens", "social:judged", "social:sharing", "tournaments:songs",
    "tournaments:upload", "tournaments:song", "tournaments:delete-song", "tournaments:albums", "tournaments:new-album",
    "tournaments:album", "tournaments:tournaments", "tournaments:tournament", "tournaments:battle",
    "tournaments:reveal", "tournaments:recipe", "tournaments:abx", "tournaments:submit-mixer", "tournaments:family",
    "tournaments:own-analytics", "tournaments:data", "tournaments:leave", "tournaments:changes", "tournaments:person",
}  # fmt: skip
CAREFUL = {
    "mfa_index", "mfa_reauthenticate", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
}  # fmt: skip
BARE = {"account_set_password"}
CURATORS = {"tournaments:analytics", "tournaments:analytics-section"}
PAGES = {*STRANGERS, *ANYBODY, *LISTENERS, *CAREFUL, *BARE, *CURATORS, "mfa_authenticate"}
# Parts of pages, files, actions, and what only leads elsewhere.
NO_PAGES = {
    "healthz", "account_confirm_login_code", "mfa_download_recovery_codes", "accounts:seen", "accounts:privacy",
    "accounts:revoke-token", "accounts:visit", "social:begin", "social:judge-vote", "social:judge-another",
    "social:picture", "social:visit", "social:look", "social:vote", "social:live", "social:pulse", "social:crowd",
    "social:sound", "social:audience", "social:owner-crowd", "social:clip", "social:clip-picture", "social:clip-file",
    "social:share-part", "social:revoke", "tournaments:song-checks", "tournaments:song-analysis", "tournaments:stems",
    "tournaments:roles", "tournaments:start", "tournaments:album-again", "tournaments:album-file", "tournaments:live",
    "tournaments:evolution", "tournaments:next", "tournaments:choose-mix", "tournaments:make-export",
    "tournaments:nudge", "tournaments:mix-settings", "tournaments:export", "tournaments:download",
    "tournaments:heard", "tournaments:vote", "tournaments:ballot-audio", "tournaments:abx-start",
    "tournaments:abx-give-up", "tournaments:abx-side", "tournaments:abx-x", "tournaments:abx-answer",
    "tournaments:abx-log", "tournaments:preview-audio", "tournaments:family-json", "tournaments:family-graphml",
    "tournaments:mixer-file", "tournaments:follow", "tournaments:export-data", "tournaments:reset-taste",
}  # fmt: skip

LOOK = """async (rules) => {
    await new Promise(requestAnimationFrame);
    const animations = document.getAnimations();
    await Promise.all(animations.filter((one) => one instanceof CSSTransition).map((one) => one.finished));
    const moving = animations
        .filter(({ playState, effect }) => playState === "running" && effect.getTiming().duration > 1);
    const covers = ".nav, .bar, .toasts, .pulse, #errors";
    const reached = "a[href], :is(button, input, select):enabled, summary, [tabindex='0']";
    const covered = [...document.querySelectorAll(reached)]
        .filter((one) => one.checkVisibility() && !one.closest(covers))
        .filter((one) => {
            one.focus();
            const { left, top, width, height } = one.getBoundingClientRect();
            return document.elementFromPoint(left + width / 2, top + height / 2)?.closest(covers);
        });
    document.activeElement.blur();
    scrollTo(0, 0);
    const wide = document.documentElement.scrollWidth - innerWidth;
    const found = await axe.run({ runOnly: [...rules], resultTypes: ["violations"], preload: false });
    return [
        ...moving.map(({ effect }) => `moves: ${effect.target.outerHTML.slice(0, 100)}`),
        ...covered.map((one) => `has the focus and cannot be seen: ${one.outerHTML.slice(0, 100)}`),
        ...(wide > 0 ? [`${wide} px too wide`] : []),
        ...found.violations.flatMap(({ id, nodes }) =>
            nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`)),
    ];
}"""
SHIFTS = """new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries())
        if (!hadRecentInput) globalThis.shifted = (globalThis.shifted ?? 0) + value;
}).observe({ type: "layout-shift", buffered: true });"""


def views(resolver: URLResolver, space: str = "") -> Iterator[str]:
    """The names of all addresses, but for Django's own admin and the API's operations."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inside = ":".join(filter(None, (space, entry.namespace)))
            yield from views(entry, inside) if inside != "admin" else ()
        elif space != "api":
            yield ":".join(filter(None, (space, entry.name)))


def test_every_address_is_known_here() -> None:
    assert set(views(get_resolver())) == PAGES | NO_PAGES


@dataclass(frozen=True)
class Site:
    """The arena, and a browser to look at it with."""

    url: str
    full: FullArena
    browser: Browser

    def visit(self, name: str, **options: Any) -> BrowserContext:
        """A phone by night, of a stranger or of whoever has the name."""
        context = self.browser.new_context(viewport=PHONE, color_scheme="dark", **options)
        if name != STRANGER:
            context.add_cookies([{"name": "sessionid", "value": self.full.sessions[name], "url": self.url}])
        return context

    def addresses(self, names: set[str]) -> list[str]:
        """Of the pages with these names."""
        found: list[str] = []
        for name in sorted(names):
            if name == "tournaments:analytics-section":
                found += [reverse(name, args=[section]) + DAYS for section in SECTIONS]
            else:
                found += self.full.pages.get(name) or [reverse(name)]
        return found


def settle(page: Page) -> None:
    """Wait for what the page itself asks for."""
    page.wait_for_function(
        """() => document.readyState === "complete" && document.fonts.status === "loaded"
            && !document.querySelector(".htmx-request, [data-pad][disabled]")"""
    )


def watched(context: BrowserContext, problems: list[str]) -> Page:
    """A page whose complaints are noted."""
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", lambda line: problems.append(f"{page.url}: {line.text}") if _is_bad(line) else None)
    return page


def problems_of(page: Page, axe: str) -> list[str]:
    """What is wrong on the page that is open, in both of its looks."""
    settle(page)
    page.evaluate(axe)
    found = [f"phone, dark: {problem}" for problem in page.evaluate(LOOK, RULES)]
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    found += [f"desk, light: {problem}" for problem in page.evaluate(LOOK, RULES_OF_LOOKS)]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    return found


def test_every_page_is_accessible_light_and_still(arena: Arena, tmp_path: Path) -> None:
    arena.environment["CREDITS"] = "on"
    full = fill(tmp_path)
    arena.start_web()
    with chromium() as browser:
        site = Site(arena.url, full, browser)
        problems = look_at_everything(site)
        assert problems == [], "\n".join(problems)
        measured = {name: weigh(site, visitor, name) for name, visitor in FIRST_SEEN.items()}
    assert {name: size for name, (size, _) in measured.items() if not 50_000 < size < MAX_BYTES} == {}
    assert {name: shift for name, (_, shift) in measured.items() if shift > MAX_SHIFT} == {}


def look_at_everything(site: Site) -> list[str]:
    """Whatever is wrong on any page, for whoever sees it."""
    axe = Path(AXE_FILE_PATH).read_text()
    visits = {
        STRANGER: [*site.addresses(STRANGERS | ANYBODY), NOWHERE],
        "ann": site.addresses(ANYBODY | LISTENERS),
        "careful": site.addresses(CAREFUL),
        "bare": site.addresses(BARE),
        "curator": site.addresses(CURATORS),
    }
    problems: list[str] = []
    for name, paths in visits.items():
        context = site.visit(name, reduced_motion="reduce")
        page = watched(context, problems)
        page.route("**/me/notices/seen/", lambda route: route.fulfill(status=204))  # The news stays on every page.
        for path in paths:
            answer = page.goto(site.url + path)
            assert answer is not None
            assert answer.status == (404 if path == NOWHERE else 200), path
            problems += [f"{name} {path}: {problem}" for problem in problems_of(page, axe)]
        context.close()
    page = watched(site.visit(STRANGER, reduced_motion="reduce"), problems)
    page.goto(f"{site.url}/accounts/login/")
    page.get_by_label("Username or e-mail").fill("careful")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    code = page.locator("#id_code")
    problems += [f"second step: {problem}" for problem in problems_of(page, axe)]
    code.fill(current_code(site.full.totp_secret))
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Account of careful")).to_be_visible()
    return problems


def weigh(site: Site, visitor: str, name: str) -> tuple[int, float]:
    """Bytes of a first visit as they come over the wire, without sound, and how far the page jumped meanwhile."""
    context = site.visit(visitor)
    context.add_init_script(SHIFTS)
    page = context.new_page()
    sent = _sizes(page)
    page.goto(site.url + site.addresses({name})[0])
    settle(page)
    page.wait_for_timeout(SETTLED_MS)
    shifted = page.evaluate("globalThis.shifted ?? 0")
    context.close()
    return sum(sent.values()), shifted


def _is_bad(line: Any) -> bool:
    return line.type in ("error", "warning") and NOWHERE not in line.location.get("url", "")


def _sizes(page: Page) -> dict[str, int]:
    """Bytes on the wire by address, headers included, sound left out; filled while the page loads."""
    sent: dict[str, int] = {}
    names: dict[str, str] = {}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))

    def finished(event: dict[str, Any]) -> None:
        name = names.get(event["requestId"], "")
        if not name.endswith(".wav"):
            sent[name] = event["encodedDataLength"]

    network.on("Network.loadingFinished", finished)
    return sent
