// Sends the vote, and sends it again where no answer came. The server takes the same vote twice as one.

const RETRY_MS = [1000, 3000, 6000];

/**
 * @param what the form is, a word that is a verb as well.
 * @param prepare fills in the form; returns what keeps the vote back, or "".
 * @param onChange gets what to tell the listener, "" for nothing, whenever something changed.
 */
export function sender(form, scope, { what = "vote", prepare, onChange }) {
  let isSending = false;
  // Once it may have arrived it must not change any more.
  let isSent = false;
  let attempts = 0;
  let isRetry = false;

  const retry = () => {
    isRetry = true;
    form.requestSubmit();
  };
  scope.listen(
    form,
    "submit",
    (event) => {
      const isAgain = isRetry;
      isRetry = false;
      let reason = "";
      if (isSending && !isAgain) reason = `The ${what} is on its way.`;
      else if (!isSent) reason = prepare();
      if (reason) {
        event.preventDefault();
        event.stopImmediatePropagation();
        onChange(reason);
        return;
      }
      if (!isAgain) attempts = 0;
      isSending = isSent = true;
      onChange(attempts ? `No answer came. Sending the same ${what} again.` : "");
    },
    { capture: true },
  );
  scope.listen(form, "htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr;
    if (status >= 200 && status < 400) return;
    if (status === 0 || status >= 502) {
      if (attempts < RETRY_MS.length) {
        scope.after(RETRY_MS[attempts], retry);
        attempts += 1;
        onChange(`No answer came. Sending the same ${what} again.`);
        return;
      }
      isSending = false;
      onChange(`No answer came. Check the connection, then ${what} again: it counts once.`);
      return;
    }
    // A refusal says itself why; nothing was stored.
    isSending = isSent = false;
    onChange("");
  });

  return {
    get isSending() {
      return isSending;
    },
    get isSent() {
      return isSent;
    },
  };
}
