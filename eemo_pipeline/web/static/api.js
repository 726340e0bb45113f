// Requests of the pages: who is there, and what changes something.

let csrf = "";

// Returns who is logged in; where nobody is, the page goes to the login, unless it `mayLeave` not.
export async function me(mayLeave = true) {
  const reply = await fetch("/api/me");
  if (reply.status === 401) {
    if (mayLeave) location.assign("/login");
    throw new Error("nobody is logged in");
  }
  const found = await reply.json();
  csrf = found.csrf;
  return found;
}

export async function send(path, body = {}, method = "POST") {
  return await fetch(path, {
    method,
    headers: { "content-type": "application/json", "x-csrf-token": csrf },
    body: JSON.stringify(body),
    keepalive: method === "PUT", // a choice is stored also where the page is left at once
  });
}

// Uses up a login link, or the part of it after the # sign; returns what is wrong, null if nothing is.
export async function logIn(text) {
  const token = text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text.trim();
  const reply = await fetch("/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  if (reply?.ok) return null;
  const problem = reply ? await reply.json().catch(() => ({})) : {};
  return `${problem.detail ?? "the server did not answer"}; ${problem.fix ?? "try again"}.`;
}

export function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : fallbackId();
}

function fallbackId() {
  // Over plain http on another host, browsers offer no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

