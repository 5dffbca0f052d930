// Hears from the server that something changed, and tells the parts that wait for it: each of them then asks for itself.
//
// One stream a page, and only while somebody looks at it and a part waits. Where no stream comes through, parts ask now
// and then. Events on the body: `live`, there is something new; `crowd`, others have voted.

// A stream begins with an event; one that stays away that long is held up somewhere.
const SILENT_MS = 10_000;
const POLL_MS = 10_000;
const CROWD_EVERY_MS = 3_000;
// Pages of an audience do not all ask in the same moment: for each that is open, so much longer at most.
const SPREAD_MS = 5;

export function live(root, scope) {
  let stream = null;
  let version = null;
  let votes = null;
  let nListeners = 0;
  let isOver = false;
  const timers = {};

  const later = (name, ms) => {
    const spread = "liveSpread" in root.dataset ? Math.random() * nListeners * SPREAD_MS : 0;
    timers[name] ??= setTimeout(() => {
      delete timers[name];
      document.body.dispatchEvent(new CustomEvent(name));
    }, ms + spread);
  };
  const forget = (name) => {
    clearTimeout(timers[name]);
    delete timers[name];
  };
  const poll = (ms) => {
    timers.poll ??= setTimeout(() => {
      delete timers.poll;
      later("live", 0);
      later("crowd", 0);
      poll(POLL_MS);
    }, ms);
  };

  const onMessage = (event) => {
    forget("poll");
    // What the page shows, where it says so; it may be newer or older than the last event.
    const shown = root.querySelector("[data-live-version]")?.dataset.liveVersion ?? version;
    version = event.data;
    if (shown !== null && version !== shown) later("live", 0);
  };
  const onAudience = (event) => {
    const said = JSON.parse(event.data);
    nListeners = said.listeners;
    for (const place of root.querySelectorAll("[data-live-listeners]")) place.textContent = said.listeners;
    for (const place of root.querySelectorAll("[data-live-votes]")) place.textContent = said.votes[place.dataset.liveVotes] ?? 0;
    const counted = JSON.stringify(said.votes);
    if (votes !== null && votes !== counted) later("crowd", CROWD_EVERY_MS);
    votes = counted;
  };
  const onEnd = () => {
    isOver = true;
    close();
    later("live", 0);  // and the parts say why
  };

  const isWanted = () => !isOver && !document.hidden && root.querySelector("[data-wants-live]") !== null;
  const open = () => {
    stream = new EventSource(root.dataset.liveUrl);
    stream.addEventListener("message", onMessage);
    stream.addEventListener("audience", onAudience);
    stream.addEventListener("end", onEnd);
    stream.addEventListener("error", () => poll(POLL_MS));
    poll(SILENT_MS);
  };
  const close = () => {
    stream?.close();
    stream = null;
    forget("poll");
  };
  const adjust = () => {
    if (isWanted() && !stream) open();
    else if (!isWanted() && stream) close();
  };

  scope.listen(document, "visibilitychange", adjust);
  scope.listen(root, "htmx:afterSettle", adjust);
  scope.onClose(() => {
    close();
    Object.keys(timers).forEach(forget);
  });
  adjust();
}
