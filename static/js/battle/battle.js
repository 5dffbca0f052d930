// The battle page: two sides on one clock, the log of what was heard, and the vote. It knows nothing of who is who.

import { Deck } from "../audio/deck.js";
import { transport } from "../audio/transport.js";
import { HeardLog } from "./heard.js";
import { preference } from "./preference.js";

const SIDES = ["a", "b"];
const MARK_MS = 100;
const SEND_MS = 2000;

export function battle(root, scope) {
  const { aUrl, bUrl, heardUrl, startsWith, requiredS } = root.dataset;
  const pads = Object.fromEntries(SIDES.map((side) => [side, root.querySelector(`[data-pad="${side}"]`)]));
  const form = root.querySelector("[data-vote]");
  const commit = root.querySelector("[data-commit]");
  const status = root.querySelector("[data-vote-status]");
  const announce = root.querySelector("[data-announce]");
  const needed = Number(requiredS);
  // What the server knows already, from before a reload.
  const before = { a: Number(root.dataset.heardAS), b: Number(root.dataset.heardBS) };
  const deck = new Deck();
  const controls = transport(root, deck, scope);
  const abort = new AbortController();
  scope.onClose(() => abort.abort());
  let log = new HeardLog(0);
  let judgement = null;
  let sent = "";
  let isVoting = false;

  const side = () => SIDES[deck.selected];
  const heard = (which) => Math.max(before[which], log.seconds(which));
  const missing = (which) => Math.max(0, needed - heard(which));

  const show = () => {
    for (const which of SIDES) {
      const isOn = which === side();
      pads[which].setAttribute("aria-pressed", String(isOn));
      pads[which].querySelector("progress").value = Math.min(needed, heard(which));
      pads[which].querySelector("[data-pad-state]").textContent =
        isOn && deck.isPlaying ? "Playing" : missing(which) > 0 ? `${Math.ceil(missing(which))} s to hear` : "Heard";
    }
    root.dataset.listening = side();
    root.dataset.state = isVoting ? "voting" : deck.isPlaying ? "playing" : "ready";
    const wait = SIDES.filter((which) => missing(which) > 0);
    const isReady = wait.length === 0 && judgement !== null && !isVoting;
    commit.setAttribute("aria-disabled", String(!isReady));
    if (isVoting) commit.textContent = "Voting";
    else if (wait.length > 0) commit.textContent = `Listen to ${wait.map((which) => which.toUpperCase()).join(" and ")} first`;
    else if (judgement === null) commit.textContent = "Set your preference";
    else commit.textContent = `Vote: ${judgement.text}`;
  };
  const mark = () => log.mark(side(), deck.isPlaying ? deck.position : null);
  const hear = (which) => {
    if (!deck.isReady) return;
    mark();
    deck.select(SIDES.indexOf(which));
    announce.textContent = `Listening to ${which.toUpperCase()}`;
    deck.play();
  };
  const send = async () => {
    const segments = JSON.stringify(log);
    if (segments === sent || isVoting) return;
    sent = segments;
    try {
      await fetch(heardUrl, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" },
        body: new URLSearchParams({ segments }),
        signal: abort.signal,
        keepalive: true,
      });
    } catch {
      // The whole log goes along with the next one, and with the vote.
      sent = "";
    }
  };

  const choice = preference(root, scope, (value) => {
    judgement = value;
    show();
  });
  for (const which of SIDES) scope.listen(pads[which], "click", () => hear(which));
  scope.listen(deck, "change", () => {
    // A jump is no listening: the log goes on from the new place.
    log.mark(side(), null);
    show();
  });

  scope.listen(
    form,
    "submit",
    (event) => {
      mark();
      show();
      if (commit.getAttribute("aria-disabled") === "true") {
        event.preventDefault();
        event.stopImmediatePropagation();
        status.textContent = isVoting ? "" : `${commit.textContent}.`;
        return;
      }
      form.elements.choice.value = judgement.choice;
      form.elements.confidence.value = String(judgement.confidence);
      form.elements.segments.value = JSON.stringify(log);
      status.textContent = "";
      isVoting = true;
      show();
    },
    { capture: true },
  );
  scope.listen(form, "htmx:afterRequest", (event) => {
    const answered = event.detail.xhr.status;
    if (answered >= 200 && answered < 400) return;
    isVoting = false;
    show();
    if (answered === 0) status.textContent = "The vote did not arrive. Check the connection and vote again.";
  });

  scope.listen(document, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), select, textarea, details")) return;
    const key = event.key.toLowerCase();
    const onControl = event.target.closest("button, a");
    const onSlider = event.target.matches("input[type=range]");
    if (key === "a" || key === "b") hear(key);
    else if (key === "x") hear(side() === "a" ? "b" : "a");
    else if (key === "l") deck.setLooping(!deck.isLooping);
    else if (key === " " && !onControl) deck.toggle();
    else if ((key === "arrowleft" || key === "arrowright") && !onSlider) controls.step(key === "arrowleft" ? -1 : 1);
    else if (key === "enter" && !onControl) form.requestSubmit();
    else if (!choice.press(key)) return;
    event.preventDefault();
  });

  (async () => {
    try {
      await deck.load([aUrl, bUrl], [0, 0], abort.signal);
    } catch (error) {
      if (scope.isClosed) return;
      root.dataset.state = "failed";
      commit.textContent = "No sound";
      status.textContent = `The mixes could not be loaded: ${error.message}. Reload the page to try again.`;
      return;
    }
    if (scope.isClosed) return;
    log = new HeardLog(deck.duration);
    deck.select(SIDES.indexOf(startsWith));
    controls.enable();
    choice.enable();
    for (const which of SIDES) pads[which].disabled = false;
    scope.every(MARK_MS, () => {
      if (!deck.isPlaying) return;
      mark();
      show();
    });
    scope.every(SEND_MS, send);
    show();
  })();

  // Tests look at the decoded sound through it; nothing in it names a mixer.
  root.deck = deck;
}
