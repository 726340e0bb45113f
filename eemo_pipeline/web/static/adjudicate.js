import { me, newId, send } from "/static/api.js";

const person = me(); // requests carry the session's token

document.getElementById("decide")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const said = new FormData(form);
  const decided = { choice: said.get("choice"), cause: said.get("cause"), note: said.get("note"), guide_change: said.has("guide_change") };
  const path = `/api/tasks/${form.dataset.task}/adjudicate`;
  await person;
  const reply = await send(path, { event_id: newId(), decided }).catch(() => null);
  if (reply?.ok) {
    location.reload();
    return;
  }
  const problem = reply ? await reply.json().catch(() => ({})) : { detail: "the server did not answer" };
  const notice = document.getElementById("notice");
  notice.textContent = [problem.detail, problem.fix].filter(Boolean).join("; ");
  notice.hidden = false;
});
