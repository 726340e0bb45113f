// Choosing other keys: a click, the new key, and the server's word on conflicts.

import { me, send } from "/static/api.js";
import { Keys } from "/static/keys.js";

const notice = document.getElementById("notice");
const singleKeys = document.getElementById("single-keys");
const person = await me();
const keys = new Keys(person.keys);
let changing = null; // the button that waits for a key

async function store(codes) {
  const reply = await send("/api/me/keys", { keys: codes, single_keys: singleKeys.checked }, "PUT").catch(() => null);
  if (reply?.ok) {
    const wanted = await me();
    keys.codes = wanted.keys;
    await keys.show();
    notice.textContent = "saved";
    return;
  }
  const problem = reply ? await reply.json().catch(() => ({})) : { detail: "the server did not answer" };
  notice.textContent = [problem.detail, problem.fix].filter(Boolean).join("; ");
}

function rest() {
  if (changing) changing.textContent = "Change";
  changing = null;
}

document.addEventListener("click", (event) => {
  const { change } = event.target.dataset ?? {};
  rest();
  if (!change) return;
  changing = event.target;
  changing.textContent = "Press the new key";
});

document.addEventListener("keydown", async (event) => {
  if (!changing || event.key === "Tab" || event.key === "Shift") return;
  event.preventDefault();
  const { change } = changing.dataset;
  rest();
  if (event.key !== "Escape") await store({ ...keys.codes, [change]: event.code });
});

// A key that was just chosen is no click on the button that waited for it.
document.addEventListener("keyup", (event) => {
  if (event.code === "Space" && event.target.dataset?.change) event.preventDefault();
});

singleKeys.addEventListener("change", () => store(keys.codes));
document.getElementById("usual").addEventListener("click", () => store({}));
await keys.show();
document.getElementById("choices").disabled = false; // from now on the page listens
