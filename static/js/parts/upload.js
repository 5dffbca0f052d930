// Drag and drop, a check of the size before a byte is sent, and progress. Without it the form still works.

export function upload(form, scope) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const name = form.querySelector("[data-file-name]");
  const note = form.querySelector("[data-file-note]");
  const progress = form.querySelector("[data-progress]");
  const bar = progress.querySelector("progress");
  const text = form.querySelector("[data-progress-text]");
  const error = form.querySelector("[data-error]");
  const submit = form.querySelector("[data-submit]");
  const maxBytes = Number(form.dataset.maxBytes);
  let request = null;

  const say = (message) => {
    error.hidden = !message;
    form.querySelector("[data-error-text]").textContent = message;
  };
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const isTooLarge = (file) => {
    if (file.size <= maxBytes) return false;
    say(`The file has ${megabytes(file.size)}, and ${form.dataset.maxLabel} are allowed. Export it as FLAC or with fewer bits and retry.`);
    return true;
  };
  const choose = () => {
    const [file] = input.files;
    if (!file) return;
    say("");
    name.textContent = file.name;
    note.textContent = megabytes(file.size);
    isTooLarge(file);
  };
  const stop = () => {
    request = null;
    progress.hidden = true;
    submit.disabled = false;
  };
  const send = (file) => {
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.round((100 * event.loaded) / event.total);
      bar.value = percent;
      text.textContent = percent < 100 ? `Sending, ${percent} %` : "Received, looking at it";
    });
    request.addEventListener("load", () => {
      const { status, response } = request;
      if (status === 201) {
        location.assign(response.url);
        return;
      }
      stop();
      say(response?.error?.message ?? `The server answered with an error (${status}). Try again in a minute.`);
    });
    request.addEventListener("error", () => {
      stop();
      say("The connection broke while sending. Check it and press Upload again; the file is still chosen.");
    });
    request.addEventListener("abort", () => {
      stop();
      say("");
    });
    submit.disabled = true;
    progress.hidden = false;
    bar.value = 0;
    text.textContent = "Sending";
    request.send(new FormData(form));
  };

  scope.listen(input, "change", choose);
  for (const type of ["dragover", "dragenter"]) {
    scope.listen(drop, type, (event) => {
      event.preventDefault();
      drop.dataset.over = "";
    });
  }
  for (const type of ["dragleave", "dragend", "drop"]) scope.listen(drop, type, () => delete drop.dataset.over);
  scope.listen(drop, "drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length > 1) say("One song at a time: the first of these files was taken.");
    const taken = new DataTransfer();
    taken.items.add(event.dataTransfer.files[0]);
    input.files = taken.files;
    choose();
  });
  scope.listen(form.querySelector("[data-cancel]"), "click", () => request?.abort());
  scope.listen(form, "submit", (event) => {
    const [file] = input.files;
    if (!file) return;
    event.preventDefault();
    if (request || isTooLarge(file)) return;
    say("");
    send(file);
  });
  scope.onClose(() => request?.abort());
}
