"""What the player says of a device that loses sound or plays none, and what it keeps to itself."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chromium import chromium
from tests.browser.static_site import URL, serve
from tests.browser.test_battle_flow import document, sound

# A device whose clock is behind the page's, and a page whose own time is wrong, by seconds at each look.
WATCH = """async ([lateS, aheadS]) => {
  const { watch } = await import("/static/js/audio/trouble.js");
  const told = [], looks = [];
  window.setInterval = (look) => looks.push(look);
  const audio = Object.assign(new EventTarget(), { state: "running", outputLatency: 0 });
  watch(audio, { isPlaying: () => true, onTrouble: (text) => told.push(text), onStop() {} });
  lateS.forEach((late, i) => {
    performance.now = () => 1000 * (i + 1);
    audio.getOutputTimestamp = () => ({ contextTime: i + 1 - late, performanceTime: 1000 * (i + 1 + aheadS * i) });
    looks[0]();
  });
  return told;
}"""


def test_only_sound_that_is_certainly_lost_is_reported() -> None:
    with chromium() as browser:
        page = browser.new_page()
        serve(page, {"/": ("text/html", b"<!doctype html>")})
        page.goto(URL)
        (told,) = page.evaluate(WATCH, [[0, 0, 0.2, 0.2, 0.2], 0])
        assert "about 200 ms" in told
        assert page.evaluate(WATCH, [[0, 0, 0.2, 0, 0], 0]) == [], "a busy page read an old time"
        assert page.evaluate(WATCH, [[0, 0, 0, 0], 1]) == [], "the page's time runs away"


def test_play_says_so_where_no_sound_can_come() -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.add_init_script("AudioContext.prototype.resume = () => new Promise(() => {})")
        page.clock.install()
        sounds = {f"/{side}.wav": ("audio/wav", sound(seed)) for seed, side in enumerate("ab")}
        serve(page, {"/": ("text/html", document()), **sounds})
        page.goto(URL)
        expect(page.locator("[data-pad=a]")).to_be_enabled()
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.clock.run_for(4100)
        expect(page.locator("[data-trouble]")).to_contain_text("cannot play now")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
