// Buttons and lines around a deck: play, seek, loop, volume, time.

import { loopRegion } from "./loop.js";

const VOLUME_KEY = "volume";
const STEP_S = 2;

let current = null;

export function clock(seconds, decimals = 0) {
  const unit = 10 ** decimals;
  const whole = Math.floor(seconds * unit + 1e-6) / unit;
  const rest = (whole % 60).toFixed(decimals);
  return `${Math.floor(whole / 60)}:${rest.padStart(decimals ? 3 + decimals : 2, "0")}`;
}

/** Connect the `.transport` inside `root` with a deck. Only one deck of a page plays at a time. */
export function transport(root, deck, scope) {
  const play = root.querySelector("[data-play]");
  const seek = root.querySelector("[data-seek]");
  const loop = root.querySelector("[data-loop]");
  const volume = root.querySelector("[data-volume]");
  const time = root.querySelector("[data-time]");
  const trouble = root.querySelector("[data-trouble]");
  const enableLoop = loopRegion(root, deck, scope, clock);
  let isDragging = false;
  let wasPlaying = false;

  const draw = () => {
    const position = deck.position;
    if (!isDragging) {
      seek.value = String(position);
      seek.style.setProperty("--fill", `${(100 * position) / Math.max(deck.duration, 0.001)}%`);
      seek.setAttribute("aria-valuetext", `${clock(position)} of ${clock(deck.duration)}`);
    }
    time.textContent = clock(position);
    if (deck.isPlaying && !scope.isClosed) requestAnimationFrame(draw);
  };
  const show = () => {
    if (deck.isPlaying && current !== deck) {
      current?.pause();
      current = deck;
    }
    if (deck.isPlaying && !wasPlaying) trouble.textContent = "";
    wasPlaying = deck.isPlaying;
    play.setAttribute("aria-pressed", String(deck.isPlaying));
    play.setAttribute("aria-label", deck.isPlaying ? "Pause" : "Play");
    loop.setAttribute("aria-pressed", String(deck.isLooping));
    draw();
  };

  const step = (direction) => deck.seek(deck.position + direction * STEP_S);

  scope.listen(deck, "change", show);
  scope.listen(deck, "trouble", (event) => {
    trouble.textContent = event.detail.text;
  });
  scope.listen(play, "click", () => deck.toggle());
  scope.listen(loop, "click", () => deck.setLooping(!deck.isLooping));
  scope.listen(seek, "input", () => {
    isDragging = true;
    seek.style.setProperty("--fill", `${(100 * Number(seek.value)) / Math.max(deck.duration, 0.001)}%`);
  });
  scope.listen(seek, "change", () => {
    isDragging = false;
    deck.seek(Number(seek.value));
  });
  scope.listen(seek, "keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    step(event.key === "ArrowLeft" ? -1 : 1);
  });
  scope.listen(volume, "input", () => {
    deck.setVolume(Number(volume.value));
    volume.style.setProperty("--fill", `${100 * Number(volume.value)}%`);
    remember(volume.value);
  });
  scope.onClose(() => {
    if (current === deck) current = null;
    deck.close();
  });

  return {
    /** The sound is there. */
    enable() {
      play.disabled = seek.disabled = false;
      seek.max = String(deck.duration);
      root.querySelector("[data-duration]").textContent = clock(deck.duration);
      volume.value = remembered() ?? volume.value;
      volume.style.setProperty("--fill", `${100 * Number(volume.value)}%`);
      deck.setVolume(Number(volume.value));
      enableLoop();
      show();
    },
    step,
  };
}

function remember(value) {
  try {
    localStorage.setItem(VOLUME_KEY, value);
  } catch {
    // Storage is blocked: the volume lasts as long as the page.
  }
}

function remembered() {
  try {
    return localStorage.getItem(VOLUME_KEY);
  } catch {
    return null;
  }
}
