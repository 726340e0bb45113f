const message = document.getElementById("message");

async function logIn(text) {
  const token = text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text.trim();
  const reply = await fetch("/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (reply.ok) {
    location.replace("/");
    return;
  }
  const problem = await reply.json().catch(() => ({ detail: "the server did not answer" }));
  message.textContent = `${problem.detail}; ${problem.fix ?? "try again"}.`;
}

document.getElementById("login").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(document.getElementById("token").value);
});

// The token follows the # sign, which browsers do not send to servers: it is in no log.
if (location.hash.length > 1) {
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/login");
  logIn(token);
}
