// A <details> that closes like a menu: by Escape, and by a click anywhere else.

export function menu(root, scope) {
  scope.listen(document, "click", (event) => {
    if (!root.contains(event.target)) root.open = false;
  });
  scope.listen(root, "keydown", (event) => {
    if (event.key !== "Escape" || !root.open) return;
    root.open = false;
    root.querySelector("summary").focus();
  });
}
