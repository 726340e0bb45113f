// The page that uses up a login link.

import { logIn } from "/static/api.js";

async function use(text) {
  const problem = await logIn(text);
  if (problem) document.getElementById("message").textContent = problem;
  else location.replace("/");
}

document.getElementById("login").addEventListener("submit", (event) => {
  event.preventDefault();
  use(document.getElementById("token").value);
});

// The token follows the # sign, which browsers do not send to servers: it is in no log.
if (location.hash.length > 1) {
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/login");
  use(token);
}
