// What administrators do: people, tasks to ask again, the chain of the log.

import { me, newId, send } from "/static/api.js";

const person = me(); // requests carry the session's token
const notice = document.getElementById("notice");

async function act(path, body) {
  await person;
  const reply = await send(path, body).catch(() => null);
  const found = reply ? await reply.json().catch(() => ({})) : { detail: "the server did not answer" };
  if (reply?.ok) return found;
  notice.textContent = [found.detail, found.fix].filter(Boolean).join("; ");
  return null;
}

function showLink(name, found) {
  if (found) notice.textContent = `${name}: ${location.origin}${found.login} (works once)`;
}

document.addEventListener("click", async (event) => {
  const { link, remove, again } = event.target.dataset ?? {};
  if (link) showLink(link, await act("/api/admin/people/link", { name: link }));
  if (remove && (await act("/api/admin/people/remove", { name: remove }))) location.reload();
  if (again && (await act(`/api/admin/tasks/${again}/again`, { event_id: newId() }))) {
    event.target.disabled = true;
    event.target.textContent = "asked";
  }
});

document.getElementById("add")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = Object.fromEntries(new FormData(event.target));
  showLink(said.name, await act("/api/admin/people", said));
  event.target.reset();
});

document.getElementById("verify")?.addEventListener("click", async () => {
  notice.textContent = "verifying";
  const found = await act("/api/admin/verify", {});
  if (!found) return;
  notice.textContent = found.broken
    ? `event ${found.broken.seq}: ${found.broken.why}`
    : `${found.events} events, the chain holds; the last hash is ${found.last_hash}`;
});

// Long tables show the rows that hold the words.
const find = document.getElementById("find");
find?.addEventListener("input", () => {
  const words = find.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("tbody tr")) row.hidden = !row.textContent.toLowerCase().includes(words);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  find?.focus();
});
