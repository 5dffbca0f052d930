// Which stretches of a region were heard on each side, and when the listener changed sides. Calculation only.

const MAX_SWITCHES = 500;

/** Add a stretch to disjoint, sorted stretches. */
export function add(stretches, start, end) {
  if (!(end > start)) return stretches;
  const merged = [];
  for (const [from, to] of [...stretches, [start, end]].sort((x, y) => x[0] - y[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Seconds of different song time. */
export function total(stretches) {
  return stretches.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Follows a playing position; a step back means that the loop began again. */
export class HeardLog {
  #last = null;
  #sides;
  #switches = [];

  constructor(sides = ["a", "b"]) {
    this.#sides = Object.fromEntries(sides.map((side) => [side, []]));
  }

  /** Note the present position, heard on `side`, inside `loop`; null while nothing plays or after a jump. */
  mark(side, position, [loopStart, loopEnd] = []) {
    if (this.#last !== null && position !== null) {
      if (position >= this.#last) this.#note(side, this.#last, position);
      else {
        this.#note(side, this.#last, loopEnd);
        this.#note(side, loopStart, position);
      }
    }
    this.#last = position;
  }

  /** Note that from `ageS` on, seconds since the ballot was issued, `side` is heard; the same side again is no change. */
  turn(side, ageS) {
    if (side === this.#switches.at(-1)?.[1]) return;
    if (this.#switches.length < MAX_SWITCHES) this.#switches.push([rounded(ageS), side]);
  }

  seconds(side) {
    return total(this.#sides[side]);
  }

  /** Seconds of a side once `loop` was heard as well. */
  secondsWith(side, loop) {
    return total(add(this.#sides[side], ...loop));
  }

  get segments() {
    const round = ([side, stretches]) => [side, stretches.map((stretch) => stretch.map(rounded))];
    return JSON.stringify(Object.fromEntries(Object.entries(this.#sides).map(round)));
  }

  get switches() {
    return JSON.stringify(this.#switches);
  }

  #note(side, start, end) {
    this.#sides[side] = add(this.#sides[side], start, end);
  }
}

function rounded(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
