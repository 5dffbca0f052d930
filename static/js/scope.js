// What a component holds on to, and lets go of in one place when its part of the page goes.

export class Scope {
  #cleanups = [];
  #isClosed = false;

  /** Whether the part of the page is gone; a promise that comes back late must ask. */
  get isClosed() {
    return this.#isClosed;
  }

  listen(target, type, handler, options) {
    target.addEventListener(type, handler, options);
    this.onClose(() => target.removeEventListener(type, handler, options));
  }

  every(ms, action) {
    const timer = setInterval(action, ms);
    this.onClose(() => clearInterval(timer));
  }

  after(ms, action) {
    const timer = setTimeout(action, ms);
    this.onClose(() => clearTimeout(timer));
  }

  onClose(cleanup) {
    if (this.#isClosed) cleanup();
    else this.#cleanups.push(cleanup);
  }

  close() {
    this.#isClosed = true;
    for (const cleanup of this.#cleanups.splice(0).reverse()) cleanup();
  }
}
