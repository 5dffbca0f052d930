// One trial of an ABX test: A, B and X on one clock, the log of what was heard, and the answer. It does not know what X is.

import { Deck } from "./audio/deck.js";
import { transport } from "./audio/transport.js";
import { HeardLog } from "./battle/heard.js";
import { shortcuts } from "./battle/keys.js";
import { sender } from "./battle/sender.js";

const SIDES = ["a", "x", "b"];
const ANSWERS = { 1: "a", 2: "b" };
const MARK_MS = 100;

// The part that is repeated stays from trial to trial, as long as the page does.
let kept = null;

export function abx(root, scope) {
  const { aUrl, xUrl, bUrl } = root.dataset;
  const pads = Object.fromEntries(SIDES.map((side) => [side, root.querySelector(`[data-pad="${side}"]`)]));
  const answers = [...root.querySelectorAll("[data-answer]")];
  const form = root.querySelector("[data-abx-form]");
  const commit = root.querySelector("[data-commit]");
  const status = root.querySelector("[data-vote-status]");
  const announce = root.querySelector("[data-announce]");
  const neededS = Number(root.dataset.neededS);
  const ageS = Number(root.dataset.shownAt) - Number(root.dataset.startedAt) - performance.now() / 1000;
  const deck = new Deck();
  const controls = transport(root, deck, scope);
  const abort = new AbortController();
  scope.onClose(() => abort.abort());
  const log = new HeardLog(SIDES);
  let chosen = "";

  const side = () => SIDES[deck.selected];
  const isXHeard = () => log.seconds("x") >= neededS;
  const missing = () => (!isXHeard() ? "Listen to X first" : chosen ? "" : "Choose: X is A, or X is B");
  const turn = () => log.turn(side(), ageS + performance.now() / 1000);
  const mark = () => log.mark(side(), deck.isPlaying ? deck.position : null, deck.loop);

  const show = () => {
    for (const which of SIDES) {
      const isOn = which === side();
      pads[which].setAttribute("aria-pressed", String(isOn));
      pads[which].querySelector("[data-pad-state]").textContent = isOn && deck.isPlaying ? "Playing" : "Listen";
    }
    for (const button of answers) {
      button.setAttribute("aria-pressed", String(button.dataset.answer === chosen));
      button.disabled = !deck.isReady || sent.isSent;
    }
    root.dataset.state = deck.isPlaying ? "playing" : "ready";
    commit.setAttribute("aria-disabled", String(missing() !== "" || sent.isSending));
    commit.textContent = sent.isSending ? "Sending" : missing() || `Confirm: X is ${chosen.toUpperCase()}`;
  };
  const hear = (which) => {
    if (!deck.isReady) return;
    mark();
    const isNew = which !== side();
    deck.select(SIDES.indexOf(which));
    if (deck.isPlaying && isNew) turn();
    announce.textContent = `Listening to ${which.toUpperCase()}`;
    deck.play();
  };
  const choose = (which) => {
    if (!deck.isReady || sent.isSent) return;
    chosen = which;
    status.textContent = "";
    announce.textContent = `X is ${which.toUpperCase()}. ${missing() || "Press Enter to confirm"}.`;
    show();
  };
  const sent = sender(form, scope, {
    what: "answer",
    /** What keeps the answer back; otherwise the form is filled in. */
    prepare() {
      mark();
      if (!deck.isReady) return "The sound is still loading.";
      if (missing()) return `${missing()}.`;
      form.elements.answer.value = chosen;
      form.elements.segments.value = log.segments;
      form.elements.switches.value = log.switches;
      return "";
    },
    onChange(text) {
      status.textContent = text;
      show();
    },
  });

  for (const which of SIDES) scope.listen(pads[which], "click", () => hear(which));
  for (const button of answers) {
    scope.listen(button, "click", () => choose(button.dataset.answer));
    // Enter presses a button; on the one that is chosen already it means: confirm.
    scope.listen(button, "keydown", (event) => {
      if (event.key !== "Enter" || event.repeat || button.dataset.answer !== chosen) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }
  // A jump is no listening: the log ends before it, and goes on from the new place.
  scope.listen(deck, "jump", () => {
    mark();
    log.mark(side(), null);
  });
  let wasPlaying = false;
  scope.listen(deck, "change", () => {
    if (deck.isPlaying && !wasPlaying) turn();
    wasPlaying = deck.isPlaying;
    kept = { loop: deck.loop, isLooping: deck.isLooping };
    show();
  });
  shortcuts(scope, {
    deck,
    controls,
    hear,
    other: () => "x",
    vote: () => form.requestSubmit(),
    choice: {
      reject() {},
      press(key) {
        if (!(key in ANSWERS)) return false;
        choose(ANSWERS[key]);
        return true;
      },
    },
  });

  (async () => {
    try {
      await deck.load([aUrl, xUrl, bUrl], [0, 0, 0], abort.signal);
    } catch (error) {
      if (scope.isClosed) return;
      root.dataset.state = "failed";
      commit.textContent = "No sound";
      status.textContent = `The sound could not be loaded: ${error.message}. Reload the page to try again.`;
      return;
    }
    if (scope.isClosed) return;
    if (kept) {
      const { loop, isLooping } = kept;
      deck.setLoop(...loop);
      deck.setLooping(isLooping);
    }
    controls.enable();
    for (const which of SIDES) pads[which].disabled = false;
    scope.every(MARK_MS, () => {
      if (!deck.isPlaying) return;
      mark();
      show();
    });
    show();
  })();
  // After an answer the trial is new and the focus was on what is gone.
  if (Number(root.dataset.number) > 1 && document.activeElement === document.body) root.querySelector("h1").focus({ preventScroll: true });

  // Tests look at the decoded sound through it.
  root.deck = deck;
}
