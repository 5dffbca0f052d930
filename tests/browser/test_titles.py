"""Titles that are cut short keep their beginning, whichever way they are written."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Page

from tests.browser.chromium import chromium
from tests.services.processes import ROOT
from tournaments.models import Share, Song, Tournament

STYLES = "".join((ROOT / "static" / "css" / f"{name}.css").read_text() for name in ("tokens", "battle", "pages"))
TITLES = (
    "שיר 🎸 אהבה very long title that goes on and on for more than a line of a phone",
    "שיר אהבה ארוך מאוד שנמשך ונמשך הרבה יותר משורה אחת של טלפון קטן ועוד קצת",
    "A love song שיר אהבה ארוך מאוד שנמשך ונמשך הרבה יותר משורה אחת של טלפון קטן",
)
N_SEEN = 12
# Where each of the first characters is drawn, against the box around them and the one line that it shows.
OUTSIDE = """([where, n]) => {
  const box = document.querySelector(where).getBoundingClientRect();
  const text = document.createTreeWalker(document.querySelector(where), NodeFilter.SHOW_TEXT).nextNode();
  const range = document.createRange();
  return [...Array(n).keys()].filter((i) => {
    range.setStart(text, i);
    range.setEnd(text, i + 1);
    const at = range.getBoundingClientRect();
    return at.left < box.left - 1 || at.right > box.right + 1 || at.top > box.bottom - 4;
  });
}"""


def outside(page: Page, title: str, html: str, where: str) -> Any:
    page.set_content(f"<style>{STYLES}</style>{html}")
    assert page.evaluate("(where) => document.querySelector(where).getBoundingClientRect().height", where) < 40
    # The ellipsis stands at the end of the reading direction, or it would hide the first characters.
    expected = "ltr" if title[0].isascii() else "rtl"
    assert page.evaluate("(where) => getComputedStyle(document.querySelector(where)).direction", where) == expected
    return page.evaluate(OUTSIDE, [where, N_SEEN])


@pytest.mark.parametrize("title", TITLES)
def test_a_title_keeps_its_beginning(title: str) -> None:
    share = Share(token="t", name="ada", tournament=Tournament(song=Song(title=title)))
    head = render_to_string("social/_head.html", {"share": share})
    line = f'<span class="list__main"><strong dir="auto">{title}</strong></span>'
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 400})
        assert outside(page, title, head, ".rounds__song > span") == []
        assert outside(page, title, line, ".list__main strong") == []
