// The button that changes between dark and light; without a choice the system decides.

export function themeButton() {
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-button]")) return;
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  });
}
