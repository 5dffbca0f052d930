// The keys of the battle page. Letters and digits work everywhere but in a field for text.

const TEXT = "input:not([type=range]), select, textarea, details, dialog";
// Pressed again these would do nothing, so that Space means what it means everywhere else.
const DONE = "[data-pad][aria-pressed=true], [data-preset][aria-pressed=true]";
// And here Enter votes, as it does everywhere else; a pad goes on playing by it.
const CHOSEN = "[data-preset][aria-pressed=true]";

export function shortcuts(scope, { deck, controls, choice, hear, other, vote }) {
  const pressed = (event) => {
    const key = event.key.toLowerCase();
    const isFree = (key === " " && event.target.closest(DONE)) || (key === "enter" && event.target.closest(CHOSEN));
    const onControl = event.target.closest("button, a") && !isFree;
    const onSlider = event.target.matches("input[type=range]");
    if (key === "a" || key === "b") hear(key);
    else if (key === "x") hear(other());
    else if (key === "l") deck.setLooping(!deck.isLooping);
    else if (key === "n") choice.reject();
    else if (key === " " && !onControl) deck.toggle();
    else if ((key === "arrowleft" || key === "arrowright") && !onSlider) controls.step(key === "arrowleft" ? -1 : 1);
    else if (key === "enter" && !onControl) vote();
    else return choice.press(key);
    return true;
  };
  scope.listen(document, "keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TEXT)) return;
    // A key that is held says one thing, but for seeking.
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (pressed(event)) event.preventDefault();
  });
  // Some browsers press a button when Space is let go.
  scope.listen(document, "keyup", (event) => {
    if (event.key === " " && event.target.closest(DONE)) event.preventDefault();
  });
}
