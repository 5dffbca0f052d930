// What still stands between a listener and the vote, in words. Calculation only.

const SIDES = ["a", "b"];

/** `missing` has the seconds still to hear of each side. Returns "" once enough was heard of both. */
export function toHear(missing) {
  const open = SIDES.filter((side) => missing[side] > 0);
  if (open.length === 0) return "";
  const [first, second] = open.map((side) => ({ name: side.toUpperCase(), s: Math.ceil(missing[side]) }));
  if (second && first.s === second.s) return `Listen to A and B for ${first.s} more ${unit(first.s)} each`;
  if (second) return `Listen to A for ${first.s} and to B for ${second.s} more ${unit(second.s)}`;
  return `Listen to ${first.name} for ${first.s} more ${unit(first.s)}`;
}

/** What to do about a loop in which enough can never be heard. */
export function tooShort(neededS) {
  return `The loop is shorter than ${neededS} s: make it longer, or switch it off`;
}

/** The whole of it, as a sentence. */
export function toDo(missing, isJudged) {
  const hear = toHear(missing);
  if (hear && isJudged) return `${hear}, then vote.`;
  if (hear) return `${hear}, then set your preference.`;
  return isJudged ? "" : "Both heard. Set your preference, then vote.";
}

function unit(seconds) {
  return seconds === 1 ? "second" : "seconds";
}
