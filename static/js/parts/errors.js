// Messages at the foot of the page, until they are dismissed.

export function dismissErrors() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".notice").remove();
  });
}
