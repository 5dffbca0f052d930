// After the vote: the verdict is announced, and ratings run from what they were to what they are.

const RUN_MS = 900;

export function reveal(root, scope) {
  root.querySelector("h1")?.focus({ preventScroll: true });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const began = performance.now();
  for (const element of root.querySelectorAll("[data-count-from]")) {
    const from = Number(element.dataset.countFrom);
    const to = Number(element.dataset.countTo);
    const step = (now) => {
      if (scope.isClosed) return;
      const share = Math.min(1, (now - began) / RUN_MS);
      element.textContent = String(Math.round(from + (to - from) * (1 - (1 - share) ** 3)));
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}
