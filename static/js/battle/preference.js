// One slider that says both which mix and how sure; it says nothing until it is touched.

const TIE = 5;
const KEYS = { 1: -100, 2: -50, 3: 0, 4: 50, 5: 100 };
const SURENESS = [
  [85, "certainly"],
  [60, "quite surely"],
  [35, "probably"],
  [0, "slightly"],
];

/** What a position of the slider means. */
export function reading(value) {
  const confidence = Math.abs(value);
  if (confidence <= TIE) return { choice: "tie", confidence, text: "can’t tell" };
  const choice = value < 0 ? "a" : "b";
  const sureness = SURENESS.find(([least]) => confidence >= least)[1];
  return { choice, confidence, text: `${choice.toUpperCase()}, ${sureness}` };
}

/** Connect the slider and the "neither" button. `onChange` gets a judgement, or null while there is none. */
export function preference(root, scope, onChange) {
  const box = root.querySelector("[data-preference]");
  const slider = root.querySelector("[data-slider]");
  const output = root.querySelector("[data-reading]");
  const neither = root.querySelector("[data-neither]");

  const set = () => {
    const judgement = reading(Number(slider.value));
    delete box.dataset.unset;
    neither.setAttribute("aria-pressed", "false");
    output.textContent = judgement.text;
    slider.setAttribute("aria-valuetext", judgement.text);
    onChange(judgement);
  };
  const reject = () => {
    const isOn = neither.getAttribute("aria-pressed") !== "true";
    neither.setAttribute("aria-pressed", String(isOn));
    box.dataset.unset = "";
    slider.value = "0";
    output.textContent = isOn ? "neither" : "not set yet";
    slider.setAttribute("aria-valuetext", output.textContent);
    onChange(isOn ? { choice: "neither", confidence: 0, text: "neither is acceptable" } : null);
  };

  scope.listen(slider, "input", set);
  // A touch that leaves the slider in the middle is an answer as well.
  scope.listen(slider, "click", set);
  scope.listen(neither, "click", reject);

  return {
    enable() {
      slider.disabled = neither.disabled = false;
    },
    /** A vote that may have arrived stays as it is. */
    setFixed(isFixed) {
      slider.disabled = neither.disabled = isFixed;
    },
    reject() {
      if (!neither.disabled) reject();
    },
    /** Whether a key was one of 1 to 5. */
    press(key) {
      if (!(key in KEYS)) return false;
      if (slider.disabled) return true;
      slider.value = String(KEYS[key]);
      set();
      return true;
    },
  };
}
