// An image is a person's for a quarter of an hour after they last did something. Two minutes before it
// goes to others the page says so, and any key or pointer keeps it.

const RENEW_MS = 60_000;
const WARN_MS = 13 * 60_000;

export class Lease {
  // `renew()` tells the server that the person is at work; `warn(isNear)` shows or hides the warning.
  constructor(renew, warn) {
    this.renew = renew;
    this.warn = warn;
    this.renewedAt = performance.now();
    this.isAtWork = false;
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      document.addEventListener(kind, () => this.note(), { capture: true, passive: true });
    }
    setInterval(() => this.look(), RENEW_MS);
  }

  note() {
    this.isAtWork = true;
    if (performance.now() - this.renewedAt >= WARN_MS) this.look();
  }

  // A new image, or an answer: the server has renewed the lease by itself.
  begin() {
    this.renewedAt = performance.now();
    this.warn(false);
  }

  look() {
    if (this.isAtWork) {
      this.isAtWork = false;
      this.renew();
      this.begin();
    } else if (performance.now() - this.renewedAt >= WARN_MS) this.warn(true);
  }
}
