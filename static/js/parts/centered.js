// A picture that is wider than the page begins with what it is about in the middle.

export function centered(root) {
  const subject = root.querySelector("[aria-current], [data-center]");
  if (!subject) return;
  const box = subject.getBoundingClientRect();
  const frame = root.getBoundingClientRect();
  root.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  root.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
}
