"""A musician's whole way in a real browser, on a real arena: account, upload, rounds, evolution, download."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from playwright.sync_api import BrowserContext, Page, expect

from tests.annex_2 import true_peak_dbtp
from tests.browser.chromium import chromium
from tests.browser.walk import go_on, listen, sign_up, stage, start, upload, vote
from tests.services.processes import Arena
from tests.tournaments.sound import enter_champions, write_music
from tournaments.models import Ballot, Tournament

pytestmark = pytest.mark.django_db(transaction=True)
SONG_S = 40.0
RATE = 44_100


def decoded(page: Page) -> list[dict[str, float]]:
    """What the page's player holds of each side."""
    shapes: list[dict[str, float]] = page.evaluate("document.querySelector('[data-component=battle]').deck.shapes")
    return shapes


def lag(page: Page) -> int:
    """By how many samples the sides are shifted against each other: where their correlation is highest."""
    sides = page.evaluate(
        """() => {
            const deck = document.querySelector('[data-component=battle]').deck;
            return [0, 1].map((side) => Array.from(deck.samples(side).slice(0, 1 << 17)));
        }"""
    )
    a, b = (np.fft.rfft(np.array(side), 1 << 18) for side in sides)
    correlation = np.fft.irfft(a * np.conj(b))
    best = int(np.argmax(correlation))
    return best if best < correlation.size // 2 else best - correlation.size


def invite_guest(page: Page, context: BrowserContext, problems: list[str]) -> Page:
    """The owner shares the running tournament; a stranger without an account opens the link and gets to the stage."""
    tab = page.context.new_page()
    tab.goto(page.url)
    tab.get_by_role("link", name="Share this tournament").click()
    tab.locator(".choices label", has_text="By link").click()
    tab.get_by_role("button", name="Save").click()
    link = tab.locator(".share__link").input_value()
    tab.close()
    page.reload()
    stage(page)
    guest = context.new_page()
    guest.on("pageerror", lambda error: problems.append(str(error)))
    guest.goto(link)
    guest.get_by_role("link", name="Judge the next battle").click()
    guest.get_by_role("button", name="Listen and judge").click()
    stage(guest)
    return guest


def judge_first(guest: Page) -> None:
    """Blind, before the owner has decided."""
    listen(guest)
    vote(guest, "1")
    expect(guest.locator("#reveal-title")).to_have_text("You chose A, certainly.")
    expect(guest.get_by_text("ann has not voted yet")).to_be_visible()


def test_a_musician_leaves_with_a_finished_mix(arena: Arena, tmp_path: Path) -> None:
    enter_champions()
    arena.start_all()
    song = write_music(tmp_path / "Harbor Lights.wav", SONG_S, rate=RATE)
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 844}, accept_downloads=True).new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)

        sign_up(page, arena.url, "ann")
        upload(page, arena.url, song)
        expect(page.get_by_role("heading", name="Harbor Lights")).to_be_visible()
        start(page, genre="Rock", n_rounds=3)

        shapes = decoded(page)
        assert shapes[0] == shapes[1]
        assert shapes[0]["channels"] == 2
        assert shapes[0]["frames"] >= 20 * shapes[0]["rate"]
        assert lag(page) == 0
        guest = invite_guest(page, browser.new_context(viewport={"width": 390, "height": 844}), problems)

        # Not a vote before both were heard; nothing is sent, and the page says why.
        page.keyboard.press("5")
        page.keyboard.press("Enter")
        expect(page.locator("[data-vote-status]")).to_contain_text(
            "Listen to A and B for 5 more seconds each, then vote"
        )
        listen(page)
        # In the middle of a switch both sides stay at the same place.
        before = page.evaluate("document.querySelector('[data-component=battle]').deck.position")
        page.keyboard.press("x")
        after = page.evaluate("document.querySelector('[data-component=battle]').deck.position")
        assert 0.0 <= after - before < 1.0
        judge_first(guest)
        expect(page.locator("#audience")).to_contain_text("1 listening · 1 judged this round")
        vote(page, "5")
        expect(page.locator(".fighter")).to_have_count(2)
        # Whoever judged hears of the owner's vote at once, and may go on with the next round.
        # The letters are the guest's own, which are drawn anew.
        expect(guest.get_by_text(re.compile("ann chose [AB], 100 % sure"))).to_be_visible()
        expect(guest.get_by_role("link", name="Round 2 is open: judge it")).to_be_visible(timeout=60_000)
        expect(page.locator(".newborn")).to_be_visible(timeout=60_000)
        expect(page.locator("#before-after [data-track]")).to_have_count(2, timeout=60_000)
        page.locator("#before-after [data-track]").nth(1).click()
        expect(page.locator("#before-after")).to_have_attribute("data-state", "ready", timeout=20_000)

        newborn = page.locator(".newborn__name").inner_text()
        go_on(page)
        listen(page)
        # What was heard survives a reload.
        expect(page.locator("[data-commit]")).to_have_text("Set your preference")
        page.wait_for_timeout(2500)
        page.reload()
        stage(page)
        expect(page.locator("[data-commit]")).to_have_text("Set your preference")
        vote(page, "1")
        go_on(page)
        listen(page)
        vote(page, "2")
        expect(page.locator(".fighter__name", has_text=newborn)).to_be_visible()
        page.locator("[data-next]").click()

        expect(page.get_by_role("heading", name="Take it home")).to_be_visible()
        page.get_by_role("button", name="Make it as WAV, 24 bit").click()
        link = page.get_by_role("link", name="Download WAV, 24 bit")
        expect(link).to_be_visible(timeout=60_000)
        with page.expect_download() as download:
            link.click()
        mix = tmp_path / "mix.wav"
        download.value.save_as(mix)
        # Every mix has a recipe, and can be changed without losing it.
        page.get_by_role("link", name="The whole recipe, and change it").click()
        expect(page.get_by_role("heading", name="Equalizer of the mix bus")).to_be_visible()
        page.get_by_label("Darker").fill("60")
        page.get_by_role("button", name="Render this version").click()
        expect(page.get_by_role("heading", name="Your version of")).to_be_visible()
        expect(page.get_by_role("button", name="Take this mix")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="Take this mix").click()
        expect(page.get_by_text("your version of it")).to_be_visible()
        assert problems == []

    audio, rate = soundfile.read(mix)
    assert (rate, audio.shape) == (RATE, (round(SONG_S * RATE), 2))
    tournament = Tournament.objects.get()
    assert tournament.taken is not None
    assert tournament.taken.nudged_from == tournament.champion
    report = tournament.champion.report if tournament.champion else None
    assert report is not None
    loudness_lufs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(audio)
    assert loudness_lufs == pytest.approx(report["effective_lufs"], abs=0.1)
    assert true_peak_dbtp(audio.T) <= -1.0
    assert set(Ballot.objects.values_list("state", flat=True)) == {"committed"}
