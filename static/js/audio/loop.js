// Two handles on the line of time, and the stretches that can be chosen at once. Calculation apart from the page.

import { MIN_LOOP_S } from "./deck.js";

// One press of an arrow key.
const STEP_S = 0.1;
const SAME_S = 0.06;

/** How many steps the handles have over some seconds; at least one. */
export function steps(duration) {
  return Math.max(1, Math.round(duration / STEP_S));
}

/** Start and end in steps, kept apart: the handle that did not move stays where it is. */
export function apart([start, end], moved, total, least) {
  return moved === "start" ? [Math.min(start, Math.max(0, end - least)), end] : [start, Math.max(end, Math.min(total, start + least))];
}

/** Connect the `.loop` and the presets inside `root` with a deck. Returns a function to call once the sound is there. */
export function loopRegion(root, deck, scope, clock) {
  const box = root.querySelector("[data-loop-region]");
  const handles = { start: box.querySelector("[data-loop-start]"), end: box.querySelector("[data-loop-end]") };
  const presets = [...root.querySelectorAll("[data-preset]")];
  let total = 1;
  let least = 1;

  const values = () => [Number(handles.start.value), Number(handles.end.value)];
  const seconds = (step) => (step * deck.duration) / total;
  const stretch = (preset) => [Number(preset.dataset.startS), Number(preset.dataset.endS || deck.duration)];
  const draw = () => {
    const [start, end] = values();
    box.style.setProperty("--from", String(start / total));
    box.style.setProperty("--to", String(end / total));
    for (const [name, handle] of Object.entries(handles)) {
      handle.setAttribute("aria-valuetext", clock(seconds(name === "start" ? start : end), 1));
    }
  };
  const show = () => {
    const [startS, endS] = deck.loop;
    handles.start.value = String(Math.round((startS * total) / deck.duration));
    handles.end.value = String(Math.round((endS * total) / deck.duration));
    box.dataset.on = String(deck.isLooping);
    for (const preset of presets) {
      const [from, to] = stretch(preset);
      const isOn = deck.isLooping && Math.abs(from - startS) < SAME_S && Math.abs(to - endS) < SAME_S;
      preset.setAttribute("aria-pressed", String(isOn));
    }
    draw();
  };

  for (const [name, handle] of Object.entries(handles)) {
    scope.listen(handle, "input", () => {
      const [start, end] = apart(values(), name, total, least);
      handles.start.value = String(start);
      handles.end.value = String(end);
      draw();
    });
    scope.listen(handle, "change", () => {
      const [start, end] = values();
      deck.setLoop(seconds(start), seconds(end));
      deck.setLooping(true);
    });
  }
  for (const preset of presets) {
    scope.listen(preset, "click", () => {
      deck.setLoop(...stretch(preset));
      deck.setLooping(true);
    });
  }
  return () => {
    total = steps(deck.duration);
    least = Math.ceil((MIN_LOOP_S * total) / deck.duration);
    for (const control of [...Object.values(handles), ...presets]) control.disabled = false;
    for (const handle of Object.values(handles)) handle.max = String(total);
    scope.listen(deck, "change", show);
    show();
  };
}
