// Stage 2: the drafts, one by one; and stage 3, where a program felt something else.
// Text of models is put into the page as text, never as markup.

const NAMES = {
  description: "Description",
  background: "Background",
  attribute: "Attribute",
  subject: "Subject",
  style: "Style",
  scene: "Scene",
  facial_expression: "Facial expression",
  human_action: "Action",
  objects: "Objects",
  reason: "Reason for the emotion",
  box: "Boxes",
};
const SAID = {
  field_accept: "confirmed",
  field_edit: "corrected",
  field_reject: "refused",
  field_absent: "not present",
  field_unknown: "unknown",
};
const ON_SCREEN = 0.6; // share of a card
const LOOK_MS = 300;
const CORNERS = ["x1_px", "y1_px", "x2_px", "y2_px"];

export class Drafts {
  // `say(kind, field, value, version)` sends an event and returns its id; `pickPoints(count, done)`
  // collects points of the image and returns what ends it.
  constructor(say, askRefusal, drawBoxes, pickPoints) {
    this.pickPoints = pickPoints;
    this.endPicking = () => {};
    this.say = say;
    this.askRefusal = askRefusal;
    this.drawBoxes = drawBoxes;
    this.section = document.getElementById("drafts");
    this.list = document.getElementById("draft-list");
    this.left = document.getElementById("left");
    this.contest = document.getElementById("reconcile");
    this.finish = document.getElementById("finish");
    this.rest = document.getElementById("accept-rest");
    this.watcher = new IntersectionObserver((seen) => this.notice(seen), { threshold: ON_SCREEN });
    this.rest.addEventListener("click", () => this.acceptRest());
    document.getElementById("undo").addEventListener("click", () => this.undo());
  }

  show(revealed) {
    this.drafts = revealed.drafts;
    this.revealed = revealed;
    this.answers = new Map(Object.entries(revealed.answers));
    this.order = [...this.answers.keys()];
    this.editing = null;
    this.seen = new Set();
    this.watcher.disconnect();
    this.rest.hidden = !revealed.may_accept_rest || !revealed.drafts.length;
    this.list.replaceChildren(...this.drafts.map((draft) => this.card(draft)));
    this.showContest();
    this.section.hidden = false;
    for (const card of this.list.children) this.watcher.observe(card);
    this.refresh();
    this.focusNext();
  }

  hide() {
    this.section.hidden = true;
    this.list.replaceChildren(); // what machines said of this image is no part of the next
    this.endPicking();
    this.drawBoxes([]);
  }

  // A card counts as seen once most of it was on the screen for a moment.
  notice(changes) {
    for (const { target, isIntersecting } of changes) {
      clearTimeout(target.timer);
      if (isIntersecting) target.timer = setTimeout(() => this.seen.add(target.dataset.field), LOOK_MS);
    }
  }

  card(draft) {
    const card = element("li", { className: "draft", tabIndex: 0 });
    card.dataset.field = draft.field;
    card.append(element("h2", { textContent: NAMES[draft.field] ?? draft.field }));
    card.append(element("p", { className: "value", textContent: inWords(draft) }));
    const by = `by ${draft.annotator}`;
    const said = draft.finding ? `${by}; in dispute: ${draft.finding}` : by;
    card.append(element("p", { className: "finding", textContent: said }));
    const buttons = element("div", { className: "buttons" });
    for (const [key, name, act] of [
      ["a", "Accept", () => this.answer(draft, "field_accept", null)],
      ["e", "Edit", () => this.edit(draft)],
      ["x", "Refuse", () => this.refuse(draft)],
      ["n", "Not present", () => this.answer(draft, "field_absent", null)],
      ["u", "Unknown", () => this.answer(draft, "field_unknown", null)],
    ]) {
      const button = element("button", { type: "button" });
      button.append(element("kbd", { textContent: key }), ` ${name}`);
      button.addEventListener("click", act);
      buttons.append(button);
    }
    card.append(buttons, element("p", { className: "said" }));
    card.addEventListener("focusin", () => this.look(draft));
    return card;
  }

  look(draft) {
    this.current = draft.field;
    this.drawBoxes(this.boxesOf());
  }

  boxesOf() {
    const draft = this.drafts.find((one) => one.field === "box");
    if (!draft) return [];
    const answer = this.answers.get("box");
    return answer?.kind === "field_edit" ? answer.value : draft.value;
  }

  async answer(draft, kind, value) {
    const eventId = await this.say(kind, draft.field, value, draft.version);
    if (!eventId) return;
    this.answers.set(draft.field, { kind, value, event_id: eventId });
    this.order = [...this.order.filter((field) => field !== draft.field), draft.field];
    this.editing = null;
    this.refresh();
    this.focusNext();
  }

  async refuse(draft) {
    const code = await this.askRefusal();
    if (code) await this.answer(draft, "field_reject", code);
    else this.cardOf(draft.field).focus();
  }

  edit(draft) {
    const card = this.cardOf(draft.field);
    this.editing = draft.field;
    card.querySelector(".editor")?.remove();
    const editor = draft.field === "box" ? this.boxEditor(draft) : this.textEditor(draft);
    card.append(editor);
    editor.querySelector("textarea, input, button").focus();
  }

  textEditor(draft) {
    const before = this.answers.get(draft.field);
    const value = before?.kind === "field_edit" ? before.value : draft.value;
    const editor = element("div", { className: "editor" });
    const words = this.words?.[draft.field];
    const text = element(words ? "input" : "textarea", { value: Array.isArray(value) ? value.join(", ") : value, maxLength: 2000 });
    text.setAttribute("aria-label", `${NAMES[draft.field]}, corrected`);
    if (words) {
      const offered = element("datalist", { id: `words-${draft.field}` });
      offered.append(...words.map((word) => element("option", { value: word })));
      text.setAttribute("list", offered.id);
      editor.append(offered);
    }
    const save = () => {
      const said = text.value.trim();
      const list = said.split(",").map((word) => word.trim()).filter(Boolean);
      if (said) this.answer(draft, "field_edit", Array.isArray(draft.value) ? list : said);
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || words)) {
        event.preventDefault();
        save();
      }
    });
    editor.append(text, this.editButtons(draft, save));
    return editor;
  }

  boxEditor(draft) {
    const editor = element("div", { className: "editor" });
    let boxes = structuredClone(this.boxesOf());
    const rows = element("div");
    const draw = () => {
      this.drawBoxes(boxes);
      rows.replaceChildren(
        ...boxes.map((box, number) => {
          const row = element("div", { className: "corners" });
          for (const corner of CORNERS) {
            const input = element("input", { type: "number", min: 0, step: 1, value: box[corner] });
            input.setAttribute("aria-label", `box ${number + 1}, ${corner.replace("_px", "")} in pixels`);
            input.addEventListener("input", () => {
              box[corner] = Math.max(0, Math.round(Number(input.value)));
              this.drawBoxes(boxes);
            });
            row.append(input);
          }
          const remove = element("button", { type: "button", textContent: "Remove" });
          remove.addEventListener("click", () => {
            boxes = boxes.filter((one) => one !== box);
            draw();
          });
          row.append(remove);
          return row;
        }),
      );
    };
    const add = element("button", { type: "button", textContent: "Add a box" });
    add.addEventListener("click", () => {
      boxes.push({ x1_px: 0, y1_px: 0, x2_px: 10, y2_px: 10 });
      draw();
    });
    const points = element("button", { type: "button", textContent: "Draw by four points" });
    const hint = element("p", { className: "hint" });
    hint.setAttribute("role", "status");
    points.addEventListener("click", () => {
      this.endPicking();
      hint.textContent = "Click the highest, lowest, leftmost and rightmost point of the thing.";
      this.endPicking = this.pickPoints(4, (picked) => {
        const [xs, ys] = [picked.map((point) => point.x), picked.map((point) => point.y)];
        const box = { x1_px: Math.min(...xs), y1_px: Math.min(...ys), x2_px: Math.max(...xs), y2_px: Math.max(...ys) };
        hint.textContent = box.x2_px > box.x1_px && box.y2_px > box.y1_px ? "" : "These points enclose nothing.";
        if (!hint.textContent) boxes.push(box);
        draw();
      });
    });
    draw();
    editor.append(rows, points, " ", add, hint, this.editButtons(draft, () => this.answer(draft, "field_edit", boxes)));
    return editor;
  }

  editButtons(draft, save) {
    const buttons = element("p");
    const keep = element("button", { type: "button", textContent: "Save (Ctrl+Enter)" });
    keep.addEventListener("click", save);
    const leave = element("button", { type: "button", textContent: "Leave (Esc)" });
    leave.addEventListener("click", () => this.leaveEditor());
    buttons.append(keep, " ", leave);
    return buttons;
  }

  leaveEditor() {
    const field = this.editing;
    this.editing = null;
    this.refresh();
    if (field) this.cardOf(field).focus();
  }

  // Accepts what was on the screen; what was not is shown next.
  async acceptRest() {
    if (!this.revealed.may_accept_rest) return;
    const seen = this.drafts.filter((draft) => this.seen.has(draft.field) && !this.answers.has(draft.field));
    for (const draft of seen) await this.answer(draft, "field_accept", null);
    this.focusNext();
  }

  async undo() {
    const field = this.order.at(-1);
    if (!field) return;
    const eventId = await this.say("undo", null, this.answers.get(field).event_id, null);
    if (!eventId) return;
    this.answers.delete(field);
    this.order.pop();
    this.refresh();
    (field === "emotion" ? this.contest : this.cardOf(field)).focus();
  }

  showContest() {
    this.contest.hidden = !this.revealed.must_reconcile;
    if (this.contest.hidden) return;
    this.contest.tabIndex = -1;
    const own = this.revealed.own_emotion.replace("_", " ");
    const words = `You felt: ${own}. A program expected: ${this.revealed.machine_emotion}.`;
    const buttons = element("div");
    for (const [key, value, name] of [["k", "keep", "Keep mine"], ["c", "change", "Change to it"], ["p", "both", "Both plausible"]]) {
      const button = element("button", { type: "button" });
      button.dataset.value = value;
      button.append(element("kbd", { textContent: key }), ` ${name}`);
      button.addEventListener("click", () => this.reconcile(value));
      buttons.append(button, " ");
    }
    this.contest.replaceChildren(
      element("h2", { textContent: "Your emotion and a program's" }),
      element("p", { textContent: words }),
      buttons,
      element("p", { className: "said" }),
    );
  }

  async reconcile(value) {
    const eventId = await this.say("reconcile", null, value, null);
    if (!eventId) return;
    this.answers.set("emotion", { kind: "reconcile", value, event_id: eventId });
    this.order = [...this.order.filter((field) => field !== "emotion"), "emotion"];
    this.refresh();
    this.focusNext();
  }

  refresh() {
    for (const draft of this.drafts) {
      const card = this.cardOf(draft.field);
      const answer = this.answers.get(draft.field);
      if (this.editing !== draft.field) card.querySelector(".editor")?.remove();
      if (this.editing !== "box") this.endPicking();
      if (answer) card.dataset.answer = answer.kind;
      else delete card.dataset.answer;
      card.querySelector(".said").textContent = answer ? inAnswer(draft, answer) : "";
    }
    const reconciled = this.answers.get("emotion");
    const said = this.contest.querySelector(".said");
    if (said) said.textContent = reconciled ? { keep: "kept", change: "changed", both: "both plausible" }[reconciled.value] : "";
    const open = this.open().length;
    this.left.textContent = open ? `${open} left` : "Everything has an answer.";
    this.finish.disabled = open > 0;
  }

  open() {
    const fields = this.drafts.map((draft) => draft.field);
    if (this.revealed.must_reconcile) fields.push("emotion");
    return fields.filter((field) => !this.answers.has(field));
  }

  focusNext() {
    const [next] = this.open();
    if (next === "emotion") this.contest.focus();
    else if (next) this.cardOf(next).focus();
    else this.finish.focus();
  }

  move(step) {
    const fields = this.drafts.map((draft) => draft.field);
    const place = fields.indexOf(this.current) + step;
    if (place >= 0 && place < fields.length) this.cardOf(fields[place]).focus();
  }

  cardOf(field) {
    return this.list.querySelector(`[data-field="${field}"]`);
  }

  // Returns whether the key meant something here.
  key(event) {
    const draft = this.drafts.find((one) => one.field === this.current);
    const letter = event.code.replace("Key", "").toLowerCase();
    if (event.code === "ArrowDown" || event.code === "ArrowUp") this.move(event.code === "ArrowDown" ? 1 : -1);
    else if (event.shiftKey && letter === "a") this.acceptRest();
    else if (event.shiftKey) return false;
    else if ("kcp".includes(letter) && this.revealed.must_reconcile) this.reconcile({ k: "keep", c: "change", p: "both" }[letter]);
    else if (!draft || this.answers.size === 0 && !this.drafts.length) return false;
    else if (letter === "a") this.answer(draft, "field_accept", null);
    else if (letter === "e") this.edit(draft);
    else if (letter === "x") this.refuse(draft);
    else if (letter === "n") this.answer(draft, "field_absent", null);
    else if (letter === "u") this.answer(draft, "field_unknown", null);
    else return false;
    return true;
  }
}

function inWords(draft) {
  if (draft.field === "box") {
    const count = draft.value.length;
    return count ? `${count} box${count > 1 ? "es" : ""} on the image` : "no box was found";
  }
  return Array.isArray(draft.value) ? draft.value.join(", ") : String(draft.value);
}

function inAnswer(draft, answer) {
  const said = SAID[answer.kind];
  if (answer.kind === "field_reject") return `${said}: ${answer.value.replaceAll("_", " ")}`;
  if (answer.kind === "field_edit") return `${said}: ${inWords({ ...draft, value: answer.value })}`;
  return said;
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
