// Stage 1: what the image makes the person feel. Nothing is chosen beforehand, no number is shown.

const NEEDED = ["emotion", "valence", "arousal"];

export class BlindForm {
  constructor(keys, onCommit) {
    this.keys = keys;
    this.form = document.getElementById("blind");
    this.button = document.getElementById("commit");
    this.missing = document.getElementById("missing");
    this.history = []; // what each choice replaced, the last one at the end
    this.before = {};
    this.form.addEventListener("change", (event) => this.note(event.target.name));
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
    this.history = [];
    this.before = {};
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
    const missing = NEEDED.filter((name) => this.chosen(name) === null);
    this.button.disabled = missing.length > 0;
    this.missing.textContent = missing.length ? `missing: ${missing.join(", ")}` : "";
  }

  note(name) {
    const value = this.chosen(name);
    if (value === (this.before[name] ?? null)) return;
    this.history.push({ name, value: this.before[name] ?? null });
    this.before[name] = value;
    this.check();
  }

  also(button) {
    const count = Number(button.dataset.strength ?? 0);
    this.history.push({ button, count });
    this.strength(button, (count + 1) % 4);
  }

  strength(button, count) {
    if (count) button.dataset.strength = String(count);
    else delete button.dataset.strength;
    button.textContent = count ? "•".repeat(count) : "also";
    const words = ["no", "a little", "clearly", "strongly"][count];
    button.setAttribute("aria-label", `also ${button.dataset.emotion}: ${words}`);
  }

  // Takes back the last choice; what is committed is final.
  undo() {
    const last = this.history.pop();
    if (!last) return;
    if (last.button) {
      this.strength(last.button, last.count);
      return;
    }
    for (const input of this.form.querySelectorAll(`input[name="${last.name}"]`)) input.checked = input.value === last.value;
    this.before[last.name] = last.value;
    this.check();
  }

  // Returns whether the key meant something here.
  key(event) {
    const place = this.keys.place(event, "emotion");
    if (place >= 0 && event.shiftKey) {
      const button = this.form.querySelectorAll(".also")[place];
      if (button) this.also(button);
      return Boolean(button);
    }
    if (event.shiftKey) return false;
    return ["emotion", "valence", "arousal", "sureness"].some((name) => this.pick(name, this.keys.place(event, name)));
  }

  pick(name, place) {
    const input = this.form.querySelectorAll(`input[name="${name}"]`)[place];
    if (!input) return false;
    input.checked = true;
    this.note(name);
    return true;
  }
}
