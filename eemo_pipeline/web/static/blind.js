// Stage 1: what the image makes the person feel. Nothing is chosen beforehand, no number is shown.

const EMOTION_KEYS = ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0"];
const VALENCE_KEYS = ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT", "KeyY", "KeyU", "KeyI", "KeyO"];
const AROUSAL_KEYS = ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"];
const SURENESS_KEYS = ["KeyP", "BracketLeft", "BracketRight"];

export class BlindForm {
  constructor(onCommit) {
    this.form = document.getElementById("blind");
    this.button = document.getElementById("commit");
    this.form.addEventListener("change", () => this.check());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled) onCommit(this.judgement());
    });
    for (const button of this.form.querySelectorAll(".also")) {
      button.addEventListener("click", () => this.also(button));
    }
  }

  show() {
    this.form.reset();
    for (const button of this.form.querySelectorAll(".also")) this.strength(button, 0);
    this.check();
    this.form.hidden = false;
  }

  hide() {
    this.form.hidden = true;
  }

  chosen(name) {
    return this.form.querySelector(`input[name="${name}"]:checked`)?.value ?? null;
  }

  judgement() {
    const also = {};
    for (const button of this.form.querySelectorAll(".also[data-strength]")) {
      if (button.dataset.emotion !== this.chosen("emotion")) {
        also[button.dataset.emotion] = Number(button.dataset.strength);
      }
    }
    return {
      emotion: this.chosen("emotion"),
      also,
      valence: Number(this.chosen("valence")),
      arousal: Number(this.chosen("arousal")),
      sureness: this.chosen("sureness"),
    };
  }

  check() {
    this.button.disabled = ["emotion", "valence", "arousal"].some((name) => this.chosen(name) === null);
  }

  also(button) {
    this.strength(button, (Number(button.dataset.strength ?? 0) + 1) % 4);
  }

  strength(button, count) {
    if (count) button.dataset.strength = String(count);
    else delete button.dataset.strength;
    button.textContent = count ? `also ${"•".repeat(count)}` : "also";
    const words = ["no", "a little", "clearly", "strongly"][count];
    button.setAttribute("aria-label", `also ${button.dataset.emotion}: ${words}`);
  }

  // Returns whether the key meant something here.
  key(event) {
    const place = EMOTION_KEYS.indexOf(event.code);
    if (place >= 0 && event.shiftKey) {
      const button = this.form.querySelectorAll(".also")[place];
      if (button) this.also(button);
      return Boolean(button);
    }
    if (event.shiftKey) return false;
    return (
      this.pick("emotion", place) ||
      this.pick("valence", VALENCE_KEYS.indexOf(event.code)) ||
      this.pick("arousal", AROUSAL_KEYS.indexOf(event.code)) ||
      this.pick("sureness", SURENESS_KEYS.indexOf(event.code))
    );
  }

  pick(name, place) {
    const input = this.form.querySelectorAll(`input[name="${name}"]`)[place];
    if (!input) return false;
    input.checked = true;
    this.check();
    return true;
  }
}
