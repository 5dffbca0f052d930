// What a page asks for again and again may be deleted meanwhile, in another tab or by another device: then it stops asking.
// The message itself is shown as that of any other answer is.

const GONE = [404, 410];

export function endPolls() {
  document.addEventListener("htmx:responseError", ({ detail: { elt, xhr } }) => {
    if (GONE.includes(xhr.status) && elt.getAttribute("hx-trigger")?.includes("every")) elt.dataset.gone = "";
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if ("gone" in event.detail.elt.dataset) event.preventDefault();
  });
}
