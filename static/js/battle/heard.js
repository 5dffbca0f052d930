// Which stretches of a region were heard on each side. Calculation only.

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

/** Follows a playing position; a step back means that a loop began again. */
export class HeardLog {
  #last = null;
  #sides = { a: [], b: [] };

  constructor(duration) {
    this.duration = duration;
  }

  /** Note the present position, heard on `side`; null while nothing plays or after a jump. */
  mark(side, position) {
    if (this.#last !== null && position !== null) {
      if (position >= this.#last) this.#note(side, this.#last, position);
      else {
        this.#note(side, this.#last, this.duration);
        this.#note(side, 0, position);
      }
    }
    this.#last = position;
  }

  seconds(side) {
    return total(this.#sides[side]);
  }

  toJSON() {
    const rounded = (stretches) => stretches.map((stretch) => stretch.map((s) => Math.round(s * 1000) / 1000));
    return { a: rounded(this.#sides.a), b: rounded(this.#sides.b) };
  }

  #note(side, start, end) {
    this.#sides[side] = add(this.#sides[side], start, end);
  }
}
