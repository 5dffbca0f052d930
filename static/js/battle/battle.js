// The battle page: two sides on one clock, the log of what was heard, and the vote. It knows nothing of who is who.

import { Deck } from "../audio/deck.js";
import { transport } from "../audio/transport.js";
import { HeardLog } from "./heard.js";
import { shortcuts } from "./keys.js";
import { toDo, toHear, tooShort } from "./missing.js";
import { preference } from "./preference.js";
import { sender } from "./sender.js";

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
  const ageS = Number(root.dataset.shownAt) - Number(root.dataset.issuedAt) - performance.now() / 1000;
  const deck = new Deck();
  const controls = transport(root, deck, scope);
  const abort = new AbortController();
  scope.onClose(() => abort.abort());
  const log = new HeardLog();
  let judgement = null;
  let sent = "";
  let told = "";

  const side = () => SIDES[deck.selected];
  const heard = (which) => Math.max(before[which], log.seconds(which));
  const missing = () => Object.fromEntries(SIDES.map((which) => [which, Math.max(0, needed - heard(which))]));
  const isStuck = () =>
    deck.isReady && deck.isLooping && SIDES.some((which) => Math.max(before[which], log.secondsWith(which, deck.loop)) < needed);
  // Why there is no vote yet; "" once there may be one.
  const why = (left) => (toHear(left) && isStuck() ? `${tooShort(needed)}.` : toDo(left, judgement !== null));
  const turn = () => log.turn(side(), ageS + performance.now() / 1000);
  const say = (text) => {
    announce.textContent = text;
  };

  const show = () => {
    const left = missing();
    for (const which of SIDES) {
      const isOn = which === side();
      pads[which].setAttribute("aria-pressed", String(isOn));
      pads[which].querySelector("progress").value = Math.min(needed, heard(which));
      pads[which].querySelector("[data-pad-state]").textContent =
        isOn && deck.isPlaying ? "Playing" : left[which] > 0 ? `${Math.ceil(left[which])} s to hear` : "Heard";
    }
    root.dataset.listening = side();
    root.dataset.state = vote.isSending ? "voting" : deck.isPlaying ? "playing" : "ready";
    const isReady = why(left) === "" && !vote.isSending;
    commit.setAttribute("aria-disabled", String(!isReady));
    if (vote.isSending) commit.textContent = "Voting";
    else if (toHear(left)) commit.textContent = isStuck() ? tooShort(needed) : toHear(left);
    else commit.textContent = judgement === null ? "Set your preference" : `Vote: ${judgement.text}`;
    // Said once a step, not once a second.
    const step = [...SIDES.filter((which) => left[which] > 0), toHear(left) && isStuck() ? "stuck" : ""].join();
    if (step !== told && told !== "" && !vote.isSending) say(why(left) || commit.textContent);
    told = step || "done";
  };
  const mark = () => log.mark(side(), deck.isPlaying ? deck.position : null, deck.loop);
  const hear = (which) => {
    if (!deck.isReady) return;
    mark();
    const isNew = which !== side();
    deck.select(SIDES.indexOf(which));
    if (deck.isPlaying && isNew) turn();
    say(`Listening to ${which.toUpperCase()}`);
    deck.play();
  };
  const send = async () => {
    const segments = log.segments;
    if (segments === sent || vote.isSending) return;
    sent = segments;
    try {
      await fetch(heardUrl, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" },
        body: new URLSearchParams({ segments, switches: log.switches }),
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
  const vote = sender(form, scope, {
    /** What keeps the vote back; otherwise the form is filled in. */
    prepare() {
      mark();
      const left = why(missing());
      if (!deck.isReady || left) return left || "The sound is still loading.";
      form.elements.choice.value = judgement.choice;
      form.elements.confidence.value = String(judgement.confidence);
      form.elements.segments.value = log.segments;
      form.elements.switches.value = log.switches;
      return "";
    },
    onChange(text) {
      status.textContent = text;
      // The same vote again is the same vote, whether or not the first one arrived; another one would be refused.
      choice.setFixed(vote.isSent);
      show();
    },
  });
  for (const which of SIDES) scope.listen(pads[which], "click", () => hear(which));
  // A jump is no listening: the log ends before it, and goes on from the new place.
  scope.listen(deck, "jump", () => {
    mark();
    log.mark(side(), null);
  });
  let wasPlaying = false;
  scope.listen(deck, "change", () => {
    if (deck.isPlaying && !wasPlaying) turn();
    wasPlaying = deck.isPlaying;
    show();
  });
  shortcuts(scope, { deck, controls, choice, hear, other: () => (side() === "a" ? "b" : "a"), vote: () => form.requestSubmit() });

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
