"""One trial of an ABX test by keys alone: three sounds on one clock, and an answer with its log."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import soundfile
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Route, expect

from tests.browser.chromium import chromium
from tests.browser.static_site import STATIC, URL, serve
from tests.browser.test_battle_flow import RATE, REGION_S, STYLES
from tournaments.selectors.abx import TrialStage

DECK = "document.querySelector('[data-component=abx]').deck"
HEARD = f"{DECK}.samples({DECK}.selected)[9000]"
SMALL = """() => [...document.querySelectorAll(".abx button, .abx input:not([type=hidden]), .abx summary")]
    .filter((control) => control.checkVisibility())
    .filter((control) => Math.min(control.getBoundingClientRect().width, control.getBoundingClientRect().height) < 44)
    .map((control) => control.outerHTML.slice(0, 80))"""


def document() -> bytes:
    """The page around a trial, without a server behind it."""
    trial = TrialStage(
        token="abc",
        number=3,
        n_trials=8,
        a_url="/a.wav",
        b_url="/b.wav",
        x_url="/x.wav",
        answer_url="/answer",
        needed_s=0.5,
        started_at=datetime.now(UTC),
        presets=(),
    )
    page = {"nicknames": ("Modern Muscle", "Old Reliable"), "trial": trial, "vote": {"ballot": {"token": "t"}}}
    body = render_to_string("tournaments/_abx.html", {"page": page}, request=RequestFactory().get("/"))
    styles = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in (*STYLES, "abx"))
    htmx = next(STATIC.glob("vendor/htmx-*/htmx.min.js")).relative_to(STATIC)
    scripts = f'<script src="/static/{htmx}" defer></script><script type="module" src="/static/js/app.js"></script>'
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{styles}{scripts}'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main class="page">{body}</main></body>'.encode()


def level(value: float) -> bytes:
    """The same number all along, which survives resampling."""
    file = io.BytesIO()
    soundfile.write(file, np.full((round(REGION_S * RATE), 2), value), RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def test_a_trial_by_keys_alone() -> None:
    forms: list[dict[str, list[str]]] = []

    def answer(route: Route) -> None:
        forms.append(parse_qs(route.request.post_data or ""))
        route.fulfill(content_type="text/html", body='<div id="abx"><h1>Trial 4</h1></div>')

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 1000})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        levels = {"a": 0.1, "x": 0.2, "b": 0.3}
        sounds = {f"/{name}.wav": ("audio/wav", level(value)) for name, value in levels.items()}
        answers: dict[str, Any] = {"/": ("text/html", document()), "/answer": answer}
        serve(page, answers | sounds)
        page.goto(URL)
        status, commit = page.locator("[data-vote-status]"), page.locator("[data-commit]")
        expect(page.locator("[data-pad=x]")).to_be_enabled()
        assert page.evaluate(SMALL) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        page.keyboard.press("2")
        page.keyboard.press("Enter")
        expect(status).to_have_text("Listen to X first.")
        for name in "bax":
            page.keyboard.press(name)
            page.wait_for_function(f"{DECK}.isPlaying")
            before_s = page.evaluate(f"{DECK}.position")
            page.wait_for_function(f"{DECK}.position > {before_s} + 0.3")
            expect(page.locator(f"[data-pad={name}]")).to_have_attribute("aria-pressed", "true")
            assert page.evaluate(HEARD) == pytest.approx(levels[name], abs=1e-3)
        expect(commit).to_have_text("Confirm: X is B")
        page.keyboard.press("1")
        expect(commit).to_have_text("Confirm: X is A")
        # Enter on the answer that is chosen already confirms it.
        page.get_by_role("button", name="X is B", exact=True).click()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Trial 4")).to_be_visible()
        assert problems == []

    (form,) = forms
    assert form["answer"] == ["b"]
    heard = json.loads(form["segments"][0])
    assert all(0.2 < sum(end - start for start, end in heard[side]) < REGION_S for side in "ab")
    assert 0.5 <= sum(end - start for start, end in heard["x"]) < REGION_S
    assert [side for _, side in json.loads(form["switches"][0])] == ["b", "a", "x"]
