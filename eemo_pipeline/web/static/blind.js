// Stage 1: what the image makes the person feel. Nothing is chosen beforehand, no number is shown.

import { AffectGrid } from "/static/affect_grid.js";

const NEEDED = ["emotion", "valence", "arousal"];

export class BlindForm {
  constructor(keys, onCommit) {
    this.keys = keys;
    this.form = document.getElementById("blind");
    this.button = document.getElementById("commit");
    this.missing = document.getElementById("missing");
    this.ratings = document.getElementById("ratings");
    this.grid = new AffectGrid(document.getElementById("affect-grid"), (values) => this.choose(values));
    this.form.addEventListener("change", (event) => this.note(event.target.name));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled) onCommit(this.judgement());
    });
    for (const button of this.form.querySelectorAll(".also")) {
      button.addEventListener("click", () => this.also(button));
    }
    this.rateBy("scales");
    this.clear();
  }

  // What was chosen, step by step: a step is a list of changes {name or button, from, to}.
  clear() {
    this.form.reset();
    this.history = [];
    this.undone = [];
    this.before = {};
    for (const button of this.form.querySelectorAll(".also")) this.strength(button, 0);
    this.check();
  }

  show() {
    this.clear();
    this.form.hidden = false;
  }

  hide() {
    this.form.hidden = true;
  }

  // Valence and arousal: "scales" are two rows of steps, "grid" is one plane.
  rateBy(input) {
    this.ratingInput = input;
    this.grid.root.hidden = input !== "grid";
    for (const scale of this.form.querySelectorAll(".scale")) scale.hidden = input === "grid";
    this.ratings.setAttribute("aria-pressed", String(input === "grid"));
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
    this.grid.show({ valence: this.chosen("valence"), arousal: this.chosen("arousal") });
  }

  // A choice that the browser made.
  note(name) {
    this.record([{ name, from: this.before[name] ?? null, to: this.chosen(name) }]);
  }

  // Chooses values, all in one step.
  choose(values) {
    const changes = Object.entries(values).map(([name, to]) => ({ name, from: this.before[name] ?? null, to }));
    for (const change of changes) this.apply(change, "to");
    this.record(changes);
  }

  also(button) {
    const from = Number(button.dataset.strength ?? 0);
    const change = { button, from, to: (from + 1) % 4 };
    this.apply(change, "to");
    this.record([change]);
  }

  record(changes) {
    const real = changes.filter((change) => change.from !== change.to);
    for (const { name, to } of real) if (name) this.before[name] = to;
    if (real.length) {
      this.history.push(real);
      this.undone = [];
    }
    this.check();
  }

  apply(change, side) {
    const value = change[side];
    if (change.button) {
      this.strength(change.button, value);
      return;
    }
    for (const input of this.form.querySelectorAll(`input[name="${change.name}"]`)) input.checked = input.value === value;
    this.before[change.name] = value;
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
    this.step(this.history, this.undone, "from");
  }

  redo() {
    this.step(this.undone, this.history, "to");
  }

  step(taken, given, side) {
    const last = taken.pop();
    if (!last) return;
    given.push(last);
    for (const change of last) this.apply(change, side);
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
    if (this.keys.is(event, "grid")) {
      this.ratings.click();
      return true;
    }
    return ["emotion", "valence", "arousal", "sureness"].some((name) => this.pick(name, this.keys.place(event, name)));
  }

  pick(name, place) {
    const input = this.form.querySelectorAll(`input[name="${name}"]`)[place];
    if (!input) return false;
    this.choose({ [name]: input.value });
    return true;
  }
}
