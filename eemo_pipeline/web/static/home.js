import { me, send } from "/static/api.js";

const consent = document.getElementById("consent");
consent?.addEventListener("click", async () => {
  await send("/api/me/consent", { guide_version: consent.dataset.guide });
  location.reload();
});

document.getElementById("log-out").addEventListener("click", async () => {
  await send("/logout");
  location.assign("/login");
});

document.getElementById("avoid")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const emotions = new FormData(event.target).getAll("avoided");
  const reply = await send("/api/me/avoided", { emotions }, "PUT");
  document.getElementById("saved").textContent = reply.ok ? "saved" : "not saved";
});

document.addEventListener("keydown", (event) => {
  const isOnPage = event.target === document.body;
  if (event.key === "Enter" && isOnPage) document.getElementById("start")?.click();
});

// Requests carry the session's token: until it is there, there is nothing to press.
await me();
if (consent) consent.disabled = false;
