// Copies the value of a field; where the clipboard is closed to us, the value is at least selected.

export function copy(button, scope) {
  const label = button.querySelector("[data-copy-label]");
  scope.listen(button, "click", async () => {
    const field = document.querySelector(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      label.textContent = "Copied";
    } catch {
      label.textContent = "Selected";
    }
    scope.after(2000, () => (label.textContent = "Copy"));
  });
}
