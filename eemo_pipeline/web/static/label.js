// The flow of one image: an empty moment, the blind judgement, the drafts, the next image.

import { me, newId, send } from "/static/api.js";
import { BlindForm } from "/static/blind.js";
import { bare, drawBoxes, pickPoints, toggleMarks, zoom } from "/static/canvas.js";
import { Drafts } from "/static/drafts.js";
import { closeGuide, toggleGuide } from "/static/guide_panel.js";
import { Keys } from "/static/keys.js";
import { Lease } from "/static/lease.js";
import { logInAgain } from "/static/log_in_again.js";
import { Masks } from "/static/masks.js";
import { Outbox } from "/static/outbox.js";
import { holdTab } from "/static/one_tab.js";

const GAP_MS = 500;
const TOO_EARLY_MS = 150;
const HISTORY = 10;

const image = document.getElementById("image");
const status = document.getElementById("status");
const notice = document.getElementById("notice");
const singleKeys = document.getElementById("single-keys");

const WORDS = {
  saving: (count) => `saving (${count})`,
  offline: (count) => `offline (${count})`,
  saved: () => "saved",
  "not stored": (count) => `the server has no space (${count} kept in this browser)`,
  refused: () => "an earlier answer was refused; it is kept in this browser",
  "logged out": (count) => `logged out (${count} kept)`,
};
const outbox = new Outbox((state, count) => {
  tell(state, WORDS[state](count));
  if (state === "logged out") logInAgain(person.rater_id).then(() => outbox.flush());
});

let task = null; // the task on the screen
let ahead = null; // the next one, whose image is being loaded
let stage = "loading";
let shownAt = 0;
let fieldAt = 0;
let escapedAt = 0;
const history = [];

const keys = new Keys({});
const blind = new BlindForm(keys, commit);
const masks = new Masks(explain);
const drafts = new Drafts(keys, {
  say,
  askRefusal: (field) => ask(field === "box" ? "refuse-box-dialog" : "refuse-dialog"),
  drawBoxes: (...what) => drawBoxes(size(), ...what),
  offerMasks: (isOffered) => masks.offer(isOffered ? task.task_id : null),
  toggleMasks: () => masks.toggle(),
  pickPoints: (...what) => pickPoints(size(), ...what),
  size,
});

function size() {
  return task?.image ?? { width_px: 1, height_px: 1 };
}

// The state has a shape as well as words, and is read out.
function tell(state, words) {
  status.dataset.state = state;
  status.textContent = words;
}

async function post(path, body) {
  const reply = await send(path, body);
  return { ok: reply.ok, status: reply.status, body: await reply.json().catch(() => ({})) };
}

async function claim(have) {
  const reply = await post("/api/next", { have });
  if (reply.status === 401) {
    await logInAgain(person.rater_id);
    return await claim(have);
  }
  if (!reply.ok) {
    if (reply.body.code === "guide_changed" && !have.length) location.assign("/"); // shows the new ones
    explain(reply.body);
    return { reason: reply.body.code, detail: reply.body.detail ?? "" };
  }
  return reply.body;
}

function explain(problem) {
  notice.textContent = [problem.detail, problem.fix].filter(Boolean).join("; ");
  notice.hidden = false;
}

async function next() {
  stage = "loading";
  blind.hide();
  drafts.hide();
  image.hidden = true;
  notice.hidden = true;
  const began = performance.now();
  const found = ahead ?? (await claim(task ? [task.task_id] : []));
  ahead = null;
  if (found.reason === "break") {
    stage = "nothing";
    document.getElementById("break").hidden = false;
    document.getElementById("go-on").focus();
    return;
  }
  if (!found.task_id) {
    task = null;
    stage = "nothing";
    document.getElementById("why").textContent = found.detail;
    document.getElementById("nothing").hidden = false;
    return;
  }
  await open(found, began);
}

async function open(found, began) {
  document.getElementById("nothing").hidden = true;
  task = found;
  const isLoaded = await load(found.image.url);
  if (!isLoaded) {
    explain({ detail: "image unavailable", fix: "it is taken from the queue" });
    task = null;
    setTimeout(next, 1000);
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, GAP_MS - (performance.now() - began))));
  image.hidden = false;
  document.getElementById("position").textContent = `image ${found.position}`;
  if (status.dataset.state === "loading") tell("saved", "saved");
  lease.begin();
  shownAt = performance.now();
  fieldAt = shownAt;
  if (found.is_committed) await reveal();
  else {
    stage = "blind";
    blind.show();
    // Enter and the keys of the page work at once, without a click.
    document.activeElement?.blur();
  }
  prefetch();
}

async function load(url) {
  image.src = url;
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

async function prefetch() {
  if (ahead) return;
  const found = await claim([task.task_id]).catch(() => null);
  if (found?.task_id && found.task_id !== task?.task_id) {
    ahead = found;
    new Image().src = found.image.url;
  }
}

async function commit(judgement) {
  if (stage !== "blind") return;
  stage = "saving";
  const path = `/api/tasks/${task.task_id}/commit`;
  const body = { event_id: newId(), judgement, client_ms: Date.now(), duration_ms: since(shownAt), gap_ms: GAP_MS, rating_input: blind.ratingInput };
  const reply = await outbox.put(path, body);
  if (!reply.ok && reply.body.code !== "already_committed") {
    explain(reply.body);
    stage = "blind";
    return;
  }
  task.is_committed = true;
  await reveal();
}

async function reveal() {
  const reply = await outbox.put(`/api/tasks/${task.task_id}/reveal`, {});
  if (!reply.ok) {
    explain(reply.body);
    return;
  }
  blind.hide();
  stage = "drafts";
  fieldAt = performance.now();
  drafts.words ??= await fetch("/api/vocabulary").then((found) => (found.ok ? found.json() : null)).catch(() => null);
  drafts.show(reply.body);
  if (!reply.body.drafts.length && !reply.body.must_reconcile) await finish();
}

async function say(kind, field, value, version, how = {}) {
  const event = { event_id: newId(), kind, field, value, draft_version: version, client_ms: Date.now(), duration_ms: since(fieldAt), ...how };
  fieldAt = performance.now();
  const reply = await outbox.put(`/api/tasks/${task.task_id}/events`, [event]);
  if (reply.ok) return event.event_id;
  explain(reply.body);
  if (reply.body.code === "stale_proposal") await reveal();
  return null;
}

async function finish() {
  if (stage !== "drafts" || drafts.open().length) return;
  stage = "saving";
  const reply = await outbox.put(`/api/tasks/${task.task_id}/submit`, { event_id: newId() });
  if (!reply.ok) {
    explain(reply.body);
    stage = "drafts";
    return;
  }
  remember();
  await next();
}

function remember() {
  if (history.at(-1)?.task_id !== task.task_id) history.push(task);
  if (history.length > HISTORY) history.shift();
}

async function previous() {
  const before = history.pop();
  if (!before || stage === "saving" || stage === "loading") return;
  if (task && stage === "blind") ahead = task; // it is given back to the screen afterwards
  blind.hide();
  await open({ ...before, is_committed: true }, performance.now());
}

async function skip() {
  if (!task || (stage !== "blind" && stage !== "drafts")) return;
  const reason = await ask("skip-dialog");
  if (!reason) return;
  await outbox.put(`/api/tasks/${task.task_id}/skip`, { event_id: newId(), reason });
  await next();
}

// Takes the image from everybody; it needs no judgement first.
async function flag() {
  if (!task || (stage !== "blind" && stage !== "drafts")) return;
  const value = await ask("flag-dialog");
  if (!value) return;
  await outbox.put(`/api/tasks/${task.task_id}/events`, [{ event_id: newId(), kind: "flag", value }]);
  await next();
}

function ask(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

function since(moment) {
  return Math.round(performance.now() - moment);
}

function isTyping(target) {
  return target.matches?.("textarea, input:not([type=radio]):not([type=checkbox])");
}

const ANYWHERE = {
  flag,
  zoom,
  marks: toggleMarks,
  guide: toggleGuide,
  search: () => stage === "drafts" && drafts.search(),
};

document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog[open]:modal");
  if (dialog) {
    const place = Number(event.key) - 1;
    const button = dialog.querySelectorAll("button[value]")[place];
    if (singleKeys.checked && button?.value) button.click();
    return;
  }
  if (event.key === "Escape") {
    if (closeGuide()) return;
    if (stage === "drafts" && drafts.editing) drafts.leaveEditor();
    else if (performance.now() - escapedAt < 800) skip();
    escapedAt = performance.now();
    return;
  }
  if (isTyping(event.target)) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    // On the cell of the grid that is chosen, Enter commits; on another it chooses.
    const isControl = event.target.matches?.('button:not([aria-selected="true"]), a, summary');
    if (stage === "blind" && !isControl) document.getElementById("blind").requestSubmit();
    else if (stage === "drafts" && !isControl) finish();
    else return;
    event.preventDefault();
    return;
  }
  if (singleKeys.checked && singleKey(event)) event.preventDefault();
});

// Returns whether a key without Ctrl meant something. A box is moved as long as its key is held;
// every other key counts once, and not in the first moment of an image.
function singleKey(event) {
  if (performance.now() - shownAt < TOO_EARLY_MS) return false;
  const isChoosing = event.target.matches?.("input[type=radio]");
  const isArrow = event.code.startsWith("Arrow");
  if (isChoosing && isArrow) return false; // the browser's own way among radio buttons
  if (event.repeat) return stage === "drafts" && drafts.boxEditor !== null && drafts.key(event);
  if (keys.is(event, "hide")) {
    if (event.target.matches?.("button, a, summary, input")) return false; // it presses them
    bare(true);
    return true;
  }
  if (event.key === "?") document.getElementById("help").showModal();
  else if (event.key === "Backspace") undo();
  else if (stage === "blind" && blind.key(event)) return true;
  else if (stage === "drafts" && drafts.key(event)) return true;
  else if (keys.is(event, "previous")) previous();
  else {
    const name = Object.keys(ANYWHERE).find((one) => keys.is(event, one));
    if (!name || event.shiftKey) return false;
    ANYWHERE[name]();
  }
  return true;
}

document.addEventListener("keyup", (event) => {
  if (keys.is(event, "hide")) bare(false);
});
window.addEventListener("blur", () => bare(false));

function undo() {
  if (stage === "blind") blind.undo();
  else if (stage === "drafts") drafts.undo();
}

function redo() {
  if (stage === "blind") blind.redo();
  else if (stage === "drafts") drafts.redo();
}

document.getElementById("finish").addEventListener("click", finish);
document.getElementById("go-on").addEventListener("click", async () => {
  const reply = await post("/api/me/break", {}).catch(() => null);
  if (!reply?.ok) return explain(reply?.body ?? { detail: "the server did not answer" });
  document.getElementById("break").hidden = true;
  await next();
});
document.getElementById("open-guide").addEventListener("click", toggleGuide);
document.getElementById("flag").addEventListener("click", flag);
document.getElementById("zoom").addEventListener("click", zoom);
document.getElementById("marks").addEventListener("click", toggleMarks);
document.getElementById("previous").addEventListener("click", previous);
document.getElementById("open-help").addEventListener("click", () => document.getElementById("help").showModal());
for (const button of document.querySelectorAll("[data-skip]")) button.addEventListener("click", skip);

blind.ratings.addEventListener("click", () => {
  blind.rateBy(blind.ratingInput === "grid" ? "scales" : "grid");
  send("/api/me/ratings", { rating_input: blind.ratingInput }, "PUT").catch(() => null);
});
singleKeys.addEventListener("change", () => send("/api/me/keys", { keys: keys.codes, single_keys: singleKeys.checked }, "PUT").catch(() => null));

// Two tabs would show the same image, and each would answer it.
function yieldTo() {
  outbox.stop();
  stage = "elsewhere";
  ahead = null;
  blind.hide();
  drafts.hide();
  image.hidden = true;
  document.getElementById("elsewhere").hidden = false;
}

async function begin() {
  document.getElementById("elsewhere").hidden = true;
  task = null;
  stage = "loading";
  await outbox.begin(person.rater_id);
  await next();
}

const leaving = document.getElementById("leaving");
const isHolding = () => task && stage !== "nothing" && stage !== "elsewhere";
const lease = new Lease(
  () => isHolding() && send(`/api/tasks/${task.task_id}/heartbeat`, {}).catch(() => null),
  (isNear) => (leaving.hidden = !(isNear && isHolding())),
);

const person = await me();
keys.codes = person.keys;
singleKeys.checked = person.single_keys;
blind.rateBy(person.rating_input);
await keys.show();
if (!person.has_consented) location.assign("/");
holdTab(begin, yieldTo, document.getElementById("take-over"));
