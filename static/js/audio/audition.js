// Tracks to compare after the reveal. The sound is only fetched when somebody wants to hear it.

import { Deck } from "./deck.js";
import { transport } from "./transport.js";

export function audition(root, scope) {
  const tracks = [...root.querySelectorAll("[data-track]")];
  const status = root.querySelector("[data-status]");
  const play = root.querySelector("[data-play]");
  const deck = new Deck();
  const controls = transport(root, deck, scope);
  const abort = new AbortController();
  let loading = null;
  scope.onClose(() => abort.abort());

  const press = (index) => tracks.forEach((track, i) => track.setAttribute("aria-pressed", String(i === index)));
  const load = () => {
    loading ??= (async () => {
      status.textContent = "Loading";
      await deck.load(
        tracks.map((track) => track.dataset.url),
        tracks.map((track) => Number(track.dataset.gainDb)),
        abort.signal,
      );
      if (scope.isClosed) return;
      status.textContent = "";
      controls.enable();
      root.dataset.state = "ready";
    })().catch((error) => {
      loading = null;
      if (!scope.isClosed) status.textContent = `The sound could not be loaded: ${error.message}. Press play to try again.`;
      throw error;
    });
    return loading;
  };
  const hear = async (index) => {
    press(index);
    try {
      await load();
    } catch {
      return;
    }
    if (scope.isClosed) return;
    deck.select(index);
    await deck.play();
  };

  play.disabled = false;
  // Before the sound is there, play means: fetch it, then play. Afterwards the transport does it.
  scope.listen(
    play,
    "click",
    (event) => {
      if (deck.isReady) return;
      event.stopImmediatePropagation();
      hear(tracks.findIndex((track) => track.getAttribute("aria-pressed") === "true"));
    },
    { capture: true },
  );
  tracks.forEach((track, i) => scope.listen(track, "click", () => hear(i)));
}
