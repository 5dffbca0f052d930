// What can honestly be told of a device that loses sound.
//
// A busy page does no harm: the browser plays on a thread of its own. Three things do. The context may be stopped by the
// system (a phone call). The device may run dry: then its clock falls behind the page's, which only the pair of both times
// that the browser notes together can show. And the way to the ear may change (headphones): its latency jumps.

const EVERY_MS = 1000;
// Devices report in steps of some 10 ms; less than this is no proof.
const GAP_S = 0.06;
const LATENCY_JUMP_S = 0.06;
// Both times of a pair are now, or lately. WebKitGTK 2.50 lets the page's run away at twice its speed.
const AHEAD_S = 0.5;

/**
 * Watch a context. `isPlaying()` says whether sound is meant to come; `onStop` is called when the system has stopped it;
 * `onTrouble` gets what the listener should read. Returns a function that ends the watch.
 */
export function watch(audio, { isPlaying, onTrouble, onStop }) {
  let before = null;
  // The stamp before a loss that the next look has to confirm: a busy page may have read an old time, which comes right.
  let doubtful = null;

  const onState = () => {
    before = doubtful = null;
    if (audio.state === "running" || audio.state === "closed" || !isPlaying()) return;
    onStop();
    onTrouble("Your device stopped the sound. Press play to go on from here.");
  };
  const look = () => {
    const now = isPlaying() && audio.state === "running" ? stamp(audio) : null;
    const lostS = now && doubtful ? gap(doubtful, now) : 0;
    const jumpS = now && before ? Math.abs(now.latencyS - before.latencyS) : 0;
    doubtful = lostS <= GAP_S && now && before && gap(before, now) > GAP_S ? before : null;
    before = now;
    if (lostS > GAP_S) {
      const ms = Math.round(lostS * 1000);
      onTrouble(`Your device lost about ${ms} ms of sound. All tracks are still at the same place. Hear that part again.`);
    } else if (jumpS > LATENCY_JUMP_S) onTrouble("The sound goes another way now. Compare on the same speakers or headphones.");
  };

  audio.addEventListener("statechange", onState);
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    audio.removeEventListener("statechange", onState);
  };
}

/** Seconds by which the device's clock fell behind the page's between two stamps. */
export function gap(before, now) {
  return now.pageS - before.pageS - (now.deviceS - before.deviceS);
}

/** Both clocks at one moment; null where the browser cannot say, or nothing has come out yet. */
function stamp(audio) {
  const { contextTime, performanceTime } = audio.getOutputTimestamp?.() ?? {};
  if (!(contextTime > 0) || performanceTime - performance.now() > AHEAD_S * 1000) return null;
  return { deviceS: contextTime, pageS: performanceTime / 1000, latencyS: audio.outputLatency || 0 };
}
