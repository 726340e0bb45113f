// The objects of an image, each answered by itself: there, not there, or not to be told.

import { objectsOf } from "/static/draft_words.js";
import { button, element } from "/static/elements.js";

const ANSWERS = [["there", "there"], ["not_there", "not there"], ["unknown", "cannot tell"]];
const KEYS = { accept: "there", absent: "not_there", unknown: "unknown" };
const MOST = 100;
let groups = 0; // radio buttons of one object share a name

export class ObjectChips {
  // `value` is what was said before, else the draft: a list, or {present, unknown}. `words` are offered.
  constructor(drafted, value, words) {
    const { present, unknown } = objectsOf(value);
    this.rows = element("div", { className: "chips" });
    this.chips = new Map(); // object -> its group of radio buttons
    for (const name of new Set([...drafted, ...present, ...unknown])) {
      this.add(name, unknown.includes(name) ? "unknown" : present.includes(name) ? "there" : "not_there");
    }
    this.input = element("input", { type: "text", maxLength: 200 });
    this.input.setAttribute("aria-label", "another object that is there");
    const offered = element("datalist", { id: "words-objects" });
    offered.append(...(words ?? []).map((word) => element("option", { value: word })));
    this.input.setAttribute("list", offered.id);
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || !this.input.value.trim()) return;
      event.preventDefault();
      event.stopPropagation();
      this.addWritten();
    });
    const more = element("div", { className: "buttons" }, this.input, offered, button("Add", () => this.addWritten()));
    this.section = element("div", { className: "objects" }, this.rows, more);
  }

  addWritten() {
    const name = this.input.value.trim();
    this.input.value = "";
    if (name && this.chips.size < MOST) this.add(name, "there");
    this.input.focus();
  }

  add(name, answer) {
    const known = this.chips.get(name);
    if (known) {
      known.querySelector(`input[value="${answer}"]`).checked = true;
      return;
    }
    const chip = element("div", { className: "chip" }, element("span", { className: "object", textContent: name }));
    chip.setAttribute("role", "radiogroup");
    chip.setAttribute("aria-label", name);
    const group = `object-${groups++}`;
    for (const [value, said] of ANSWERS) {
      const input = element("input", { type: "radio", name: group, value, checked: value === answer });
      chip.append(element("label", { className: "choice" }, input, ` ${said}`));
    }
    this.chips.set(name, chip);
    this.rows.append(chip);
  }

  value() {
    const of = (answer) => [...this.chips].filter(([, chip]) => chip.querySelector(":checked")?.value === answer).map(([name]) => name);
    return { present: of("there"), unknown: of("unknown") };
  }

  // The keys of drafts, for the object that has the focus; then the next one has it.
  key(event, keys) {
    const chip = event.target.closest?.(".chip");
    const answer = Object.keys(KEYS).find((name) => keys.is(event, name));
    if (!chip || !answer || event.shiftKey) return false;
    chip.querySelector(`input[value="${KEYS[answer]}"]`).checked = true;
    (chip.nextElementSibling?.querySelector("input:checked") ?? this.input).focus();
    return true;
  }
}
