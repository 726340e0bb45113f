// The first page: information and consent, what a person does not want to see, the way out.

import { me, send } from "/static/api.js";

const person = me(); // requests that change something carry the session's token

const consent = document.getElementById("consent");
consent?.addEventListener("click", async () => {
  await send("/api/me/consent", { guide_version: consent.dataset.guide });
  location.reload();
});

document.getElementById("log-out").addEventListener("click", async () => {
  await person;
  await send("/logout");
  location.assign("/login");
});

document.getElementById("avoid")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const emotions = new FormData(event.target).getAll("avoided");
  await person;
  const reply = await send("/api/me/avoided", { emotions }, "PUT").catch(() => null);
  document.getElementById("saved").textContent = reply?.ok ? "saved" : "this was not stored; try again";
});

document.addEventListener("keydown", (event) => {
  const isOnPage = event.target === document.body;
  if (event.key === "Enter" && isOnPage) document.getElementById("start")?.click();
});

await person;
if (consent) consent.disabled = false;
