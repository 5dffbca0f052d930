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
  const title = form.querySelector("[data-title]");
  const total = (files) => [...files].reduce((sum, file) => sum + file.size, 0);
  const isZip = (file) => /\.zip$/i.test(file.name);
  const isTooLarge = (files) => {
    if (total(files) <= maxBytes) return false;
    const what = files.length > 1 ? "The files have" : "The file has";
    say(`${what} ${megabytes(total(files))}, and ${form.dataset.maxLabel} are allowed. Export as FLAC or with fewer bits and retry.`);
    return true;
  };
  const choose = () => {
    const { files } = input;
    if (files.length === 0) return;
    say("");
    name.textContent = files.length > 1 ? `${files.length} stems` : files[0].name;
    note.textContent = files.length > 1 ? `${[...files].map((file) => file.name).join(", ")} · ${megabytes(total(files))}` : megabytes(total(files));
    title.hidden = files.length === 1 && !isZip(files[0]);
    isTooLarge(files);
  };
  const stop = () => {
    request = null;
    progress.hidden = true;
    submit.disabled = false;
  };
  const send = () => {
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

  title.hidden = true;
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
    if (event.dataTransfer.files.length === 0) {
      say("That was no file. Drop audio files from your computer here.");
      return;
    }
    input.files = event.dataTransfer.files;
    choose();
  });
  scope.listen(form.querySelector("[data-cancel]"), "click", () => request?.abort());
  scope.listen(form, "submit", (event) => {
    if (input.files.length === 0) return;
    event.preventDefault();
    if (request || isTooLarge(input.files)) return;
    say("");
    send();
  });
  scope.onClose(() => request?.abort());
}
