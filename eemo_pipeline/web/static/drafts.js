// Stage 2: the drafts, one by one; and stage 3, where a program felt something else.
// Text of models is put into the page as text, never as markup.

import { BoxEditor, boxRefusals, refusalOf } from "/static/box_editor.js";
import { NAMES, RECONCILED, asText, inAnswer, inWords } from "/static/draft_words.js";
import { button, element } from "/static/elements.js";
import { ObjectChips } from "/static/object_chips.js";
import { showChanges } from "/static/word_changes.js";

const ON_SCREEN = 0.6; // share of a card
const LOOK_MS = 300;

export class Drafts {
  // `screen` is what the page around offers: {say, askRefusal, drawBoxes, pickPoints, size,
  // offerMasks, toggleMasks}.
  // `say(kind, field, value, version)` sends an event and returns its id.
  constructor(keys, screen) {
    this.keys = keys;
    this.screen = screen;
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
    this.undone = [];
    this.editing = null;
    this.boxEditor = null;
    this.seen = new Map(); // field -> since when it is on the screen
    this.watcher.disconnect();
    this.screen.offerMasks(this.asksBoxes());
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
    this.contest.replaceChildren();
    this.closeBoxes();
    this.screen.drawBoxes([]);
    this.screen.offerMasks(false);
  }

  // A card counts as seen once most of it was on the screen for a moment.
  notice(changes) {
    for (const { target, isIntersecting } of changes) {
      clearTimeout(target.timer);
      if (isIntersecting) target.timer = setTimeout(() => this.seen.set(target.dataset.field, performance.now() - LOOK_MS), LOOK_MS);
    }
  }

  card(draft) {
    const card = element("li", { className: "draft", tabIndex: 0 });
    card.dataset.field = draft.field;
    card.append(element("h2", { textContent: NAMES[draft.field] ?? draft.field }));
    card.append(element("p", { className: "value", textContent: inWords(draft) }));
    const said = element("p", { className: "finding" }, `written by ${draft.annotator}`);
    if (draft.finding) said.append(element("span", { className: "dispute", textContent: `. In dispute: ${draft.finding}` }));
    if (draft.conflict) said.append(element("span", { className: "dispute", textContent: `. ${draft.conflict}` }));
    const buttons = element("div", { className: "buttons" });
    for (const [action, name, act] of [
      ["accept", "Accept", () => this.answer(draft, "field_accept", null)],
      ["edit", "Edit", () => this.edit(draft)],
      ["refuse", "Refuse", () => this.refuse(draft)],
      ["absent", "Not present", () => this.answer(draft, "field_absent", null)],
      ["unknown", "Unknown", () => this.answer(draft, "field_unknown", null)],
    ]) {
      buttons.append(this.keyed(action, name, act));
    }
    card.append(said, buttons, element("p", { className: "said" }));
    if (draft.field === "box") said.append(`. Refuse at once: ${boxRefusals().map((code, place) => `${place + 1} ${code.replaceAll("_", " ")}`).join(", ")}`);
    card.addEventListener("focusin", () => this.look(draft));
    return card;
  }

  keyed(action, name, act) {
    const made = button("", act);
    made.append(element("kbd", { textContent: this.keys.legend(action) }), ` ${name}`);
    return made;
  }

  look(draft) {
    this.current = draft.field;
    this.box = -1;
    if (!this.boxEditor) this.screen.drawBoxes(this.boxesOf());
  }

  boxesOf() {
    const draft = this.drafts.find((one) => one.field === "box");
    if (!draft) return [];
    const answer = this.answers.get("box");
    return answer?.kind === "field_edit" ? answer.value : draft.value;
  }

  async answer(draft, kind, value, how) {
    const eventId = await this.screen.say(kind, draft.field, value, draft.version, how);
    if (!eventId) return;
    this.keep(draft.field, { kind, value, event_id: eventId });
    this.editing = null;
    this.undone = [];
    this.refresh();
    this.focusNext();
  }

  keep(field, answer) {
    this.answers.set(field, answer);
    this.order = [...this.order.filter((one) => one !== field), field];
  }

  async refuse(draft) {
    const code = await this.screen.askRefusal(draft.field);
    if (code) await this.answer(draft, "field_reject", code);
    else this.cardOf(draft.field).focus();
  }

  edit(draft) {
    const card = this.cardOf(draft.field);
    this.editing = draft.field;
    card.querySelector(".editor")?.remove();
    const edit = { box: "editBoxes", objects: "editObjects" }[draft.field] ?? "editText";
    const editor = this[edit](draft);
    card.append(editor);
    editor.querySelector("textarea, .chip input:checked, input[list], .box-editor").focus();
  }

  editText(draft) {
    const before = this.answers.get(draft.field);
    const value = asText(before?.kind === "field_edit" ? before.value : draft.value);
    const editor = element("div", { className: "editor" });
    const words = this.words?.[draft.field];
    const text = element(words ? "input" : "textarea", { value, maxLength: 2000 });
    text.setAttribute("aria-label", `${NAMES[draft.field]}, corrected`);
    if (words) {
      const offered = element("datalist", { id: `words-${draft.field}` });
      offered.append(...words.map((word) => element("option", { value: word })));
      text.setAttribute("list", offered.id);
      editor.append(offered);
    }
    const save = () => {
      const said = text.value.trim();
      if (said) this.answer(draft, "field_edit", said);
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || words)) {
        event.preventDefault();
        save();
      }
    });
    let changes = showChanges(asText(draft.value), value);
    const compare = () => {
      const now = showChanges(asText(draft.value), text.value);
      changes.replaceWith(now);
      changes = now;
    };
    text.addEventListener("input", compare);
    const restore = button("Back to the draft", () => {
      text.value = asText(draft.value);
      compare();
      text.focus();
    });
    editor.append(text, changes);
    if (draft.field === "reason" && this.boxesOf().length) {
      const hint = "A number in brackets names a box of the image: the dog [1].";
      editor.append(element("p", { className: "hint", textContent: hint }));
    }
    editor.append(this.editButtons(save, restore));
    return editor;
  }

  editObjects(draft) {
    const before = this.answers.get(draft.field);
    const said = before?.kind === "field_edit" ? before.value : draft.value;
    this.objects = new ObjectChips(draft.value, said, this.words?.objects);
    const save = () => this.answer(draft, "field_edit", this.objects.value());
    this.objects.section.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.matches("button")) return;
      event.preventDefault();
      event.stopPropagation(); // it saves the objects, and does not end the image
      save();
    });
    return element("div", { className: "editor" }, this.objects.section, this.editButtons(save));
  }

  editBoxes(draft) {
    const { size, drawBoxes, pickPoints } = this.screen;
    this.boxEditor = new BoxEditor(this.boxesOf(), size(), this.keys, drawBoxes, pickPoints);
    const save = () => this.answer(draft, "field_edit", this.boxEditor.boxes);
    this.boxEditor.section.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.ctrlKey) save();
    });
    return element("div", { className: "editor" }, this.boxEditor.section, this.editButtons(save));
  }

  closeBoxes() {
    this.boxEditor?.endPicking();
    this.boxEditor = null;
  }

  editButtons(save, ...more) {
    const keep = button("Save ", save);
    keep.append(element("kbd", { textContent: "Ctrl Enter" }));
    const leave = button("Leave ", () => this.leaveEditor());
    leave.append(element("kbd", { textContent: "Esc" }));
    return element("div", { className: "buttons" }, keep, leave, ...more);
  }

  leaveEditor() {
    const field = this.editing;
    this.editing = null;
    this.refresh();
    if (field) this.cardOf(field).focus();
  }

  // Opens a short field's list of words; the present draft's, else the first that has one.
  search() {
    const hasWords = (draft) => this.words?.[draft.field]?.length && draft.field !== "objects";
    const current = this.drafts.find((one) => one.field === this.current);
    const draft = current && hasWords(current) ? current : this.drafts.find(hasWords);
    if (!draft) return;
    this.edit(draft);
    this.cardOf(draft.field).querySelector(".editor input").select();
  }

  // Accepts what was on the screen; what was not is shown next.
  async acceptRest() {
    if (!this.revealed.may_accept_rest) return;
    const seen = this.drafts.filter((draft) => this.seen.has(draft.field) && !this.answers.has(draft.field));
    for (const draft of seen) {
      const seenMs = Math.round(performance.now() - this.seen.get(draft.field));
      await this.answer(draft, "field_accept", null, { is_rest: true, seen_ms: seenMs });
    }
    this.focusNext();
  }

  async undo() {
    const field = this.order.at(-1);
    if (!field) return;
    const answer = this.answers.get(field);
    const eventId = await this.screen.say("undo", null, answer.event_id, null);
    if (!eventId) return;
    this.answers.delete(field);
    this.order.pop();
    this.undone.push({ field, answer });
    this.refresh();
    this.focusOn(field);
  }

  // Says again what was undone last, as a new event.
  async redo() {
    const last = this.undone.at(-1);
    if (!last) return;
    const draft = this.drafts.find((one) => one.field === last.field);
    const { kind, value } = last.answer;
    const eventId = await this.screen.say(kind, draft?.field ?? null, value, draft?.version ?? null);
    if (!eventId) return;
    this.undone.pop();
    this.keep(last.field, { kind, value, event_id: eventId });
    this.refresh();
    this.focusNext();
  }

  showContest() {
    this.contest.hidden = !this.revealed.must_reconcile;
    if (this.contest.hidden) return;
    this.contest.tabIndex = -1;
    const own = this.revealed.own_emotion.replace("_", " ");
    const words = `You felt: ${own}. A program expected: ${this.revealed.machine_emotion}.`;
    const buttons = element("div", { className: "buttons" });
    for (const [value, name] of [["keep", "Keep mine"], ["change", "Change to it"], ["both", "Both plausible"]]) {
      buttons.append(this.keyed(value, name, () => this.reconcile(value)));
    }
    this.contest.replaceChildren(
      element("h2", { textContent: "Your emotion and a program's" }),
      element("p", { textContent: words }),
      buttons,
      element("p", { className: "said" }),
    );
  }

  async reconcile(value) {
    const eventId = await this.screen.say("reconcile", null, value, null);
    if (!eventId) return;
    this.keep("emotion", { kind: "reconcile", value, event_id: eventId });
    this.undone = [];
    this.refresh();
    this.focusNext();
  }

  refresh() {
    if (this.editing !== "box") this.closeBoxes();
    for (const draft of this.drafts) {
      const card = this.cardOf(draft.field);
      const answer = this.answers.get(draft.field);
      if (this.editing !== draft.field) card.querySelector(".editor")?.remove();
      mark(card, answer);
      card.querySelector(".said").textContent = answer ? inAnswer(draft, answer) : "";
    }
    const reconciled = this.answers.get("emotion");
    mark(this.contest, reconciled);
    const said = this.contest.querySelector(".said");
    if (said) said.textContent = reconciled ? RECONCILED[reconciled.value] : "";
    const open = this.open().length;
    this.left.textContent = open ? `${open} of ${this.asked().length} left` : "Everything has an answer.";
    this.finish.disabled = open > 0;
  }

  asked() {
    const fields = this.drafts.map((draft) => draft.field);
    return this.revealed.must_reconcile ? [...fields, "emotion"] : fields;
  }

  asksBoxes() {
    return this.drafts.some((draft) => draft.field === "box");
  }

  open() {
    return this.asked().filter((field) => !this.answers.has(field));
  }

  focusNext() {
    const [next] = this.open();
    if (next) this.focusOn(next);
    else this.finish.focus();
  }

  focusOn(field) {
    (field === "emotion" ? this.contest : this.cardOf(field)).focus();
  }

  move(step) {
    const fields = this.drafts.map((draft) => draft.field);
    const place = fields.indexOf(this.current) + step;
    if (place >= 0 && place < fields.length) this.cardOf(fields[place]).focus();
  }

  cardOf(field) {
    return this.list.querySelector(`[data-field="${field}"]`);
  }

  // One box after the other is lit; after the last, none.
  nextBox() {
    const boxes = this.boxesOf();
    this.box = this.box + 1 < boxes.length ? this.box + 1 : -1;
    this.screen.drawBoxes(boxes, this.box);
  }

  // Returns whether the key meant something here.
  key(event) {
    if (!event.shiftKey && this.keys.is(event, "masks")) {
      if (this.asksBoxes()) this.screen.toggleMasks();
      return this.asksBoxes();
    }
    if (this.boxEditor) return this.boxEditor.key(event);
    if (this.editing === "objects") return this.objects.key(event, this.keys);
    const is = (action) => this.keys.is(event, action);
    const draft = this.drafts.find((one) => one.field === this.current);
    const reconciled = ["keep", "change", "both"].find(is);
    if (event.shiftKey) {
      if (is("accept")) this.acceptRest();
      return is("accept");
    }
    if (is("field_after") || is("field_before")) this.move(is("field_after") ? 1 : -1);
    else if (reconciled && this.revealed.must_reconcile) this.reconcile(reconciled);
    else if (is("box_after") && this.asksBoxes()) this.nextBox();
    else if (!draft) return false;
    else if (draft.field === "box" && refusalOf(event)) this.answer(draft, "field_reject", refusalOf(event));
    else if (is("accept")) this.answer(draft, "field_accept", null);
    else if (is("edit")) this.edit(draft);
    else if (is("refuse")) this.refuse(draft);
    else if (is("absent")) this.answer(draft, "field_absent", null);
    else if (is("unknown")) this.answer(draft, "field_unknown", null);
    else return false;
    return true;
  }
}

function mark(card, answer) {
  if (answer) card.dataset.answer = answer.kind;
  else delete card.dataset.answer;
}
