"""The battle page by keys alone: what is missing is said, nothing is sent too early, and a lost answer does no harm."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import soundfile
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect

from tests.browser.chromium import chromium
from tests.browser.static_site import STATIC, URL, as_json, serve
from tournaments.selectors.ballots import BattleStage
from tournaments.selectors.presets import Preset

RATE = 44_100
REGION_S = 6.0
NEEDED_S = 0.6
STYLES = ("tokens", "base", "layout", "components", "forms", "charts", "player", "battle", "reveal")


def stage() -> BattleStage:
    return BattleStage(
        number=2,
        n_rounds=5,
        is_final=False,
        song_title="Harbor Lights",
        starts_with="b",
        a_url="/a.wav",
        b_url="/b.wav",
        heard_url="/heard",
        vote_url="/vote",
        required_s=NEEDED_S,
        heard_a_s=0.0,
        heard_b_s=0.0,
        issued_at=datetime.now(UTC),
        presets=(Preset("Chorus", 1.0, 4.5),),
    )


def document(theme: str = "dark") -> bytes:
    """The page around the ballot, without a server behind it."""
    ballot = render_to_string("tournaments/_ballot.html", {"stage": stage()}, request=RequestFactory().get("/"))
    styles = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in STYLES)
    htmx = next(STATIC.glob("vendor/htmx-*/htmx.min.js")).relative_to(STATIC)
    scripts = f'<script src="/static/{htmx}" defer></script><script type="module" src="/static/js/app.js"></script>'
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{styles}{scripts}'
    body = f'<main class="page page--stage"><div id="stage" class="stage">{ballot}</div></main><div id="errors"></div>'
    return f'<!doctype html><html lang="en" data-theme="{theme}"><head>{head}</head><body>{body}</body></html>'.encode()


def sound(seed: int) -> bytes:
    file = io.BytesIO()
    noise = 0.1 * np.random.default_rng(seed).standard_normal((round(REGION_S * RATE), 2))
    soundfile.write(file, noise, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


class Votes:
    """A server that takes votes; the answer to the first gets lost."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []

    def __call__(self, route: Route) -> None:
        self.forms.append(parse_qs(route.request.post_data or ""))
        if len(self.forms) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(content_type="text/html", body='<div id="stage"><h1>You chose A.</h1></div>')


def deck(page: Page, expression: str) -> Any:
    return page.evaluate(f"(() => {{ const deck = document.querySelector('.battle').deck; return {expression}; }})()")


def test_a_ballot_by_keys_alone() -> None:
    votes = Votes()
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 1000})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        answers: dict[str, Any] = {"/": ("text/html", document()), "/heard": as_json({}), "/vote": votes}
        serve(page, answers | {"/a.wav": ("audio/wav", sound(1)), "/b.wav": ("audio/wav", sound(2))})
        page.goto(URL)
        status, said = page.locator("[data-vote-status]"), page.locator("[data-announce]")
        commit = page.locator("[data-commit]")
        expect(page.locator("[data-pad=a]")).to_be_enabled()

        page.keyboard.press("Enter")
        expect(status).to_have_text("Listen to A and B for 1 more second each, then set your preference.")
        page.keyboard.press("4")
        page.keyboard.press("Enter")
        expect(status).to_have_text("Listen to A and B for 1 more second each, then vote.")
        page.keyboard.press("n")
        expect(page.locator("[data-reading]")).to_have_text("neither")
        page.keyboard.press("n")
        expect(page.locator("[data-reading]")).to_have_text("not set yet")
        assert votes.forms == []

        page.keyboard.press(" ")
        expect(said).to_have_text("Listen to A for 1 more second, then set your preference.")
        page.keyboard.press("x")
        expect(said).to_have_text("Both heard. Set your preference, then vote.")
        assert page.locator(".battle").get_attribute("data-listening") == "a"

        page.keyboard.press("ArrowRight")
        page.keyboard.press("l")
        assert deck(page, "deck.isLooping") is False
        page.get_by_role("button", name="Chorus").click()
        assert deck(page, "[deck.isLooping, ...deck.loop]") == [True, 1.0, 4.5]
        # A button that is pressed already leaves Space to the transport.
        for is_playing in (False, True):
            page.keyboard.press(" ")
            assert deck(page, "deck.isPlaying") is is_playing
        start, end = page.get_by_label("Repeat from"), page.get_by_label("Repeat to")
        start.focus()
        page.keyboard.press("ArrowLeft")
        assert deck(page, "deck.loop") == pytest.approx([0.9, 4.5])
        page.keyboard.press("End")
        assert deck(page, "deck.loop") == pytest.approx([4.0, 4.5]), "half a second is the least"
        expect(start).to_have_attribute("aria-valuetext", "0:04.0")
        assert 4.0 <= deck(page, "deck.position") <= 4.5
        box = end.bounding_box()
        assert box is not None
        # By finger or mouse: at three quarters of the way of the handle, which is 44 px wide.
        at = box["x"] + 3 + (box["width"] - 44) * 0.75
        page.mouse.move(at, box["y"] + 22)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"], box["y"] + 22, steps=3)
        page.mouse.up()
        assert deck(page, "deck.loop") == pytest.approx([4.0, 6.0])

        page.evaluate("document.activeElement.blur()")
        # A phone call: the system stops the sound, and says so to nobody but the page.
        page.evaluate("document.querySelector('.battle').deck.output.context.suspend()")
        trouble = page.locator("[data-trouble]")
        expect(trouble).to_have_text("Your device stopped the sound. Press play to go on from here.")
        stopped_s = deck(page, "deck.position")
        page.keyboard.press(" ")
        expect(trouble).to_be_empty()
        assert (deck(page, "deck.position") - stopped_s) % 2.0 < 0.5, "of a loop of two seconds"

        page.keyboard.press("1")
        expect(commit).to_have_text("Vote: A, certainly")
        page.keyboard.press("Enter")
        expect(status).to_have_text("No answer came. Sending the same vote again.")
        page.keyboard.press("5")
        expect(page.get_by_role("heading", name="You chose A.")).to_be_visible(timeout=10_000)
        assert problems == []

    first, second = votes.forms
    assert first == second
    assert (second["choice"], second["confidence"]) == (["a"], ["100"])
    assert second["switches"][0].count('"b"') == 1
    assert second["switches"][0].count('"a"') == 1


def test_whatever_is_touched_is_large_enough() -> None:
    with chromium() as browser:
        page = browser.new_page()
        sounds = {f"/{side}.wav": ("audio/wav", sound(seed)) for seed, side in enumerate("ab")}
        serve(page, {"/": ("text/html", document()), **sounds})
        page.goto(URL)
        expect(page.locator("[data-pad=a]")).to_be_enabled()
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 1000})
            small = page.evaluate(
                """() => [...document.querySelectorAll(".battle button, .battle input:not([type=hidden])")]
                    .filter((control) => control.checkVisibility())
                    .map((control) => [control.outerHTML.slice(0, 80), control.getBoundingClientRect()])
                    .filter(([, box]) => box.width < 44 || box.height < 44)
                    .map(([html]) => html)"""
            )
            assert small == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
