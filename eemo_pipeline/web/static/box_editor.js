// Boxes are corrected by keys, by numbers, or by four points of the image; nothing needs dragging.

import { element } from "/static/elements.js";

const CORNERS = ["x1_px", "y1_px", "x2_px", "y2_px"];
const EDGES = { x1_px: "left", y1_px: "top", x2_px: "right", y2_px: "bottom" };
const MOVES = { box_left: ["x", -1], box_right: ["x", 1], box_up: ["y", -1], box_down: ["y", 1] };

export class BoxEditor {
  // `draw(boxes, chosen, edge)` shows them; `pickPoints(count, done)` returns what ends it.
  constructor(boxes, size, keys, draw, pickPoints) {
    this.boxes = structuredClone(boxes);
    this.size = size;
    this.keys = keys;
    this.draw = draw;
    this.pickPoints = pickPoints;
    this.endPicking = () => {};
    this.chosen = this.boxes.length ? 0 : -1;
    this.edge = null; // null: the whole box moves
    this.rows = element("div");
    this.hint = element("p", { className: "hint" });
    this.hint.setAttribute("role", "status");
    this.section = element("div", { className: "box-editor", tabIndex: 0 });
    this.section.setAttribute("role", "group");
    this.section.setAttribute("aria-label", "Boxes; arrows move the chosen one");
    const points = element("button", { type: "button", textContent: "Draw by four points" });
    points.addEventListener("click", () => this.drawByPoints());
    const add = element("button", { type: "button", textContent: "Add a box" });
    add.addEventListener("click", () => this.add({ x1_px: 0, y1_px: 0, x2_px: 10, y2_px: 10 }));
    this.section.append(this.rows, this.hint, element("div", { className: "buttons" }, points, add));
    this.show();
  }

  show() {
    this.draw(this.boxes, this.chosen, this.edge);
    this.rows.replaceChildren(...this.boxes.map((box, number) => this.row(box, number)));
    const moved = this.edge ? `its ${EDGES[this.edge]} edge` : "it";
    this.hint.textContent = this.chosen < 0 ? "" : `Box ${this.chosen + 1} of ${this.boxes.length}: arrows move ${moved}, with Shift by 10 px.`;
  }

  row(box, number) {
    const row = element("div", { className: number === this.chosen ? "corners chosen" : "corners" });
    for (const corner of CORNERS) {
      const input = element("input", { type: "number", min: 0, step: 1, value: box[corner] });
      input.setAttribute("aria-label", `box ${number + 1}, ${corner.replace("_px", "")} in pixels`);
      input.addEventListener("input", () => {
        box[corner] = Math.max(0, Math.round(Number(input.value)));
        this.draw(this.boxes, this.chosen, this.edge);
      });
      row.append(input);
    }
    const remove = element("button", { type: "button", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove box ${number + 1}`);
    remove.addEventListener("click", () => this.remove(number));
    row.append(remove);
    return row;
  }

  add(box) {
    this.chosen = this.boxes.push(box) - 1;
    this.edge = null;
    this.show();
    this.section.focus();
  }

  remove(number) {
    this.boxes.splice(number, 1);
    this.chosen = Math.min(this.chosen, this.boxes.length - 1);
    this.show();
    this.section.focus();
  }

  drawByPoints() {
    this.endPicking();
    this.hint.textContent = "Click the highest, lowest, leftmost and rightmost point of the thing.";
    this.endPicking = this.pickPoints(4, (picked) => {
      const [xs, ys] = [picked.map((point) => point.x), picked.map((point) => point.y)];
      const box = { x1_px: Math.min(...xs), y1_px: Math.min(...ys), x2_px: Math.max(...xs), y2_px: Math.max(...ys) };
      if (box.x2_px > box.x1_px && box.y2_px > box.y1_px) this.add(box);
      else this.hint.textContent = "These points enclose nothing.";
    });
  }

  // Moves the chosen box or edge; it stays inside the image and keeps an area.
  move(axis, by) {
    const box = this.boxes[this.chosen];
    if (!box) return;
    const [low, high] = [`${axis}1_px`, `${axis}2_px`];
    const end = axis === "x" ? this.size.width_px : this.size.height_px;
    if (this.edge === null) {
      const shift = Math.min(Math.max(by, -box[low]), end - box[high]);
      box[low] += shift;
      box[high] += shift;
    } else if (this.edge === low) box[low] = Math.min(Math.max(0, box[low] + by), box[high] - 1);
    else if (this.edge === high) box[high] = Math.max(Math.min(end, box[high] + by), box[low] + 1);
    else return; // the edge does not move along itself
    this.show();
  }

  step(list, at, by) {
    return list[(list.indexOf(at) + by + list.length) % list.length];
  }

  // Returns whether the key meant something here.
  key(event) {
    const move = Object.keys(MOVES).find((name) => this.keys.is(event, name));
    if (move) {
      const [axis, sign] = MOVES[move];
      this.move(axis, sign * (event.shiftKey ? 10 : 1));
      return true;
    }
    if (event.shiftKey) return false;
    if (this.keys.is(event, "box_after") && this.boxes.length) this.chosen = (this.chosen + 1) % this.boxes.length;
    else if (this.keys.is(event, "edge_after")) this.edge = this.step([null, ...CORNERS], this.edge, 1);
    else if (this.keys.is(event, "edge_before")) this.edge = this.step([null, ...CORNERS], this.edge, -1);
    else if (this.keys.is(event, "box_remove") && this.chosen >= 0) this.remove(this.chosen);
    else if (this.keys.is(event, "box_points")) {
      this.drawByPoints();
      return true;
    } else return false;
    this.show();
    return true;
  }
}

// The codes of the dialog, which have the digits from 1 on.
export function boxRefusals() {
  return [...document.querySelectorAll("#refuse-box-dialog button[value]")].map((one) => one.value).filter(Boolean);
}

export function refusalOf(event) {
  return boxRefusals()[Number(/^Digit([1-9])$/.exec(event.code)?.[1] ?? 0) - 1];
}
