// Hears from the server that something changed, and tells the parts that wait for it: each of them then asks for itself.
//
// One stream a page, and only while somebody looks at it and a part waits; parts also ask now and then on their own.

export function live(root, scope) {
  let stream = null;
  let version = null;

  const isWanted = () => !document.hidden && root.querySelector("[data-wants-live]") !== null;
  const open = () => {
    stream = new EventSource(root.dataset.liveUrl);
    stream.addEventListener("message", (event) => {
      const isNews = version !== null && event.data !== version;
      version = event.data;
      if (isNews) document.body.dispatchEvent(new CustomEvent("live"));
    });
  };
  const close = () => {
    stream?.close();
    stream = null;
  };
  const adjust = () => {
    if (isWanted() && !stream) open();
    else if (!isWanted() && stream) close();
  };

  scope.listen(document, "visibilitychange", adjust);
  scope.listen(root, "htmx:afterSettle", adjust);
  scope.onClose(close);
  adjust();
}
