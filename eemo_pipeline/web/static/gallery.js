// The gallery: thousands of images, of which only those near the screen are in the page.

import { me, newId, send } from "/static/api.js";
import { button, element } from "/static/elements.js";
import { drawMasks } from "/static/masks.js";

const CELL_PX = 240; // least width of a card
const ROW_PX = 330; // height of a row of cards
const HEAD_PX = 56; // height of a group's name
const GAP_PX = 16;
const BEYOND_PX = 700; // how far beyond the screen cards are kept
const AT_ONCE = 60; // images in one request
const MOST_SENT = 100;
const STATES = { full: "enough judgements", open: "more wanted" };

const list = document.getElementById("gallery");
const count = document.getElementById("count");
const notice = document.getElementById("notice");
const sendButton = document.getElementById("send");
const clearButton = document.getElementById("clear");
const back = document.getElementById("back");
const showMasks = document.getElementById("show-masks");
const showSensitive = document.getElementById("show-sensitive");
const selects = list.dataset.selects === "1";
const hasSimilar = list.dataset.similar === "1";
const person = me(); // requests that change something carry the session's token

const known = new Map(); // task id -> what the server said of it
const asked = new Set(); // task ids that are being asked for
const masks = new Map(); // task id -> masks of its boxes
const selected = new Set();
const opened = new Set(); // sensitive images that were opened
const cards = new Map(); // key -> element in the page
let groups = [];
let all = [];
let tasks = []; // the order, without groups
let rows = []; // {top, height, name} or {top, height, tasks}
let current = null; // the task that the arrows start from

async function read(path) {
  const reply = await fetch(path).catch(() => null);
  if (reply?.ok) return await reply.json();
  notice.textContent = reply ? ((await reply.json().catch(() => ({}))).detail ?? "not found") : "the server did not answer";
  return null;
}

function arrange() {
  const columns = Math.max(1, Math.floor((list.clientWidth + GAP_PX) / (CELL_PX + GAP_PX)));
  rows = [];
  tasks = groups.flatMap((group) => group.tasks);
  let top = 0;
  const add = (height, what) => {
    rows.push({ top, height, ...what });
    top += height;
  };
  for (const group of groups) {
    if (group.name) add(HEAD_PX, { name: `${group.name} (${group.tasks.length})` });
    for (let at = 0; at < group.tasks.length; at += columns) add(ROW_PX, { tasks: group.tasks.slice(at, at + columns) });
  }
  list.style.height = `${top}px`;
  list.style.setProperty("--columns", columns);
  for (const card of cards.values()) card.remove();
  cards.clear();
  draw();
}

// The rows near the screen, by halving: the order may have thousands.
function near() {
  const start = -list.getBoundingClientRect().top;
  const [from, to] = [start - BEYOND_PX, start + window.innerHeight + BEYOND_PX];
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].top + rows[middle].height < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < rows.length && rows[end].top <= to) end++;
  return [low, end];
}

function draw() {
  const [from, to] = near();
  const wanted = new Map();
  for (let place = from; place < to; place++) {
    const row = rows[place];
    if (row.name) wanted.set(`group ${row.top}`, { row, make: () => element("li", { className: "group" }, element("h2", { textContent: row.name })) });
    else row.tasks.forEach((task, column) => wanted.set(task, { row, column, make: () => makeCard(task) }));
  }
  for (const [key, card] of cards) {
    if (wanted.has(key) || card.contains(document.activeElement)) continue;
    card.remove();
    cards.delete(key);
  }
  for (const [key, { row, column, make }] of wanted) {
    if (cards.has(key)) continue;
    const card = make();
    card.style.top = `${row.top}px`;
    if (column !== undefined) card.style.setProperty("--column", column);
    cards.set(key, card);
    list.append(card);
  }
  ask([...wanted.keys()].filter((key) => !key.startsWith("group ") && !known.has(key) && !asked.has(key))).then(askMasks);
}

async function ask(missing) {
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const some = missing.slice(at, at + AT_ONCE).filter((task) => cards.has(task)); // not passed by yet
    if (!some.length) continue;
    for (const task of some) asked.add(task);
    const found = await read(`/api/gallery/images?${new URLSearchParams(some.map((task) => ["task", task]))}`);
    for (const task of some) asked.delete(task);
    for (const image of found?.images ?? []) {
      known.set(image.task_id, image);
      const card = cards.get(image.task_id);
      if (card) fill(card, image);
    }
  }
}

// Masks are large: they are asked for once they are looked at, for the cards in the page.
async function askMasks() {
  if (!showMasks.checked) return;
  const missing = [...cards.keys()].filter((task) => known.has(task) && !masks.has(task));
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const some = missing.slice(at, at + AT_ONCE);
    for (const task of some) masks.set(task, []);
    const found = await read(`/api/gallery/masks?${new URLSearchParams(some.map((task) => ["task", task]))}`);
    for (const task of some) {
      if (found) masks.set(task, found.masks[task] ?? []);
      else masks.delete(task); // it is asked for again
      const layer = cards.get(task)?.querySelector(".masks");
      if (layer) drawMasks(layer, masks.get(task) ?? []);
    }
  }
}

function makeCard(task) {
  const card = element("li", { className: "cell", tabIndex: task === (current ?? tasks[0]) ? 0 : -1 });
  card.dataset.task = task;
  card.setAttribute("aria-setsize", tasks.length);
  card.setAttribute("aria-posinset", tasks.indexOf(task) + 1);
  card.addEventListener("focusin", () => {
    cards.get(current)?.setAttribute("tabindex", -1);
    current = task;
    card.tabIndex = 0;
  });
  if (known.has(task)) fill(card, known.get(task));
  return card;
}

function fill(card, image) {
  const words = image.votes.map(([emotion, number]) => `${number} × ${emotion.replace("_", " ")}`).join(", ") || "no judgement";
  const machine = `machine: ${image.machine_emotion ?? "none"}; ${STATES[image.state] ?? image.state.replace("_", " ")}`;
  const line = element("div", { className: "buttons" });
  if (selects) {
    const box = element("input", { type: "checkbox", checked: selected.has(image.task_id) });
    box.addEventListener("change", () => choose(image.task_id, box.checked));
    line.append(element("label", { className: "choice" }, box, " select"));
  }
  if (hasSimilar) line.append(button("Similar", () => showSimilar(image.image_id), { className: "quiet" }));
  card.replaceChildren(
    view(image),
    element("p", { className: "votes", textContent: words, title: words }),
    element("p", { className: "hint", textContent: machine }),
    ...(image.codes.length ? [element("p", { className: "hint code", textContent: image.codes.join(", "), title: image.codes.join(", ") })] : []),
    line,
  );
}

function view(image) {
  const frame = element("div", { className: "view" });
  if (image.is_sensitive && !showSensitive.checked && !opened.has(image.image_id)) {
    frame.append(
      button("May distress: open", () => {
        opened.add(image.image_id);
        frame.replaceWith(view(image));
      }),
    );
    return frame;
  }
  const inner = element("div", { className: "frame" });
  const shown = element("img", { alt: "judged image", width: image.width_px, height: image.height_px, decoding: "async" });
  shown.src = `/img/${image.image_id}?size=small`;
  const boxes = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ class: "boxes", viewBox: `0 0 ${image.width_px} ${image.height_px}`, preserveAspectRatio: "none", "aria-hidden": "true" })) boxes.setAttribute(name, value);
  for (const box of image.boxes) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: box.x1_px, y: box.y1_px, width: box.x2_px - box.x1_px, height: box.y2_px - box.y1_px })) shape.setAttribute(name, value);
    boxes.append(shape);
  }
  const layer = element("canvas", { className: "masks", width: 1, height: 1 });
  layer.setAttribute("aria-hidden", "true");
  if (masks.has(image.task_id)) drawMasks(layer, masks.get(image.task_id));
  inner.append(shown, layer, boxes);
  frame.append(inner);
  return frame;
}

function choose(task, isChosen) {
  if (isChosen) selected.add(task);
  else selected.delete(task);
  const box = cards.get(task)?.querySelector("input");
  if (box) box.checked = isChosen;
  tellSelection();
}

function tellSelection() {
  if (!selects) return;
  sendButton.textContent = `Ask one more person about ${selected.size} ${selected.size === 1 ? "image" : "images"}`;
  sendButton.disabled = clearButton.disabled = selected.size === 0;
}

async function sendSelected() {
  await person;
  const chosen = [...selected];
  for (let at = 0; at < chosen.length; at += MOST_SENT) {
    const some = chosen.slice(at, at + MOST_SENT);
    const reply = await send("/api/queue", { tasks: Object.fromEntries(some.map((task) => [newId(), task])) }).catch(() => null);
    if (!reply?.ok) {
      const problem = reply ? await reply.json().catch(() => ({})) : { detail: "the server did not answer" };
      notice.textContent = [problem.detail, problem.fix].filter(Boolean).join("; ");
      return;
    }
    for (const task of some) selected.delete(task);
  }
  notice.textContent = `One more person will be asked about ${chosen.length} ${chosen.length === 1 ? "image" : "images"}.`;
  for (const card of cards.values()) {
    const box = card.querySelector("input");
    if (box) box.checked = selected.has(card.dataset.task);
  }
  tellSelection();
}

async function showSimilar(imageId) {
  const found = await read(`/api/gallery/similar/${imageId}`);
  if (!found) return;
  notice.textContent = "";
  groups = [{ name: "Images that look alike, the most alike first", tasks: found.tasks }];
  back.hidden = false;
  count.textContent = found.tasks.length ? `${found.tasks.length} images` : "this image has no embedding to compare";
  window.scrollTo(0, 0);
  arrange();
  back.focus();
}

function tellCount() {
  const total = all.reduce((sum, group) => sum + group.tasks.length, 0);
  const isFiltered = [...new URLSearchParams(location.search).values()].some(Boolean);
  const nothing = isFiltered ? "Nothing fits these filters." : "Nothing to show yet: images come here once you have judged them, or once they are decided.";
  count.textContent = total ? `${total.toLocaleString("en")} ${total === 1 ? "image" : "images"}` : nothing;
}

// Arrows go through the order; a card that is not in the page yet is scrolled to first.
function go(step) {
  const place = Math.min(Math.max(0, tasks.indexOf(current) + step), tasks.length - 1);
  const row = rows.find((one) => one.tasks?.includes(tasks[place]));
  if (!row) return;
  const top = list.getBoundingClientRect().top + row.top;
  if (top < 0 || top + ROW_PX > window.innerHeight) window.scrollBy(0, top - (window.innerHeight - ROW_PX) / 2);
  draw();
  cards.get(tasks[place])?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = event.target.closest?.(".cell");
  const columns = Number(list.style.getPropertyValue("--columns"));
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  if (event.key === "/" && !event.target.matches?.("input, textarea, select")) document.getElementById("words").focus();
  else if (card && event.key in steps) go(steps[event.key]);
  else if (card === event.target && event.key === " " && selects) choose(card.dataset.task, !selected.has(card.dataset.task));
  else return;
  event.preventDefault();
});

let isDrawing = false;
window.addEventListener("scroll", () => {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    draw();
  });
}, { passive: true });
let width = list.clientWidth;
new ResizeObserver(() => {
  if (list.clientWidth === width) return;
  width = list.clientWidth;
  arrange();
}).observe(list);
sendButton?.addEventListener("click", sendSelected);
showMasks.addEventListener("change", askMasks);
showSensitive.addEventListener("change", () => {
  for (const [task, card] of cards) if (known.has(task)) fill(card, known.get(task));
});
clearButton?.addEventListener("click", () => {
  for (const task of [...selected]) choose(task, false);
});
back.addEventListener("click", () => {
  groups = all;
  back.hidden = true;
  tellCount();
  arrange();
});

const found = await read(`/api/gallery${location.search}`);
groups = all = found?.groups ?? [];
if (found) tellCount();
arrange();
