// Requests of the pages: who is there, and what changes something.

let csrf = "";

export async function me() {
  const reply = await fetch("/api/me");
  if (reply.status === 401) {
    location.assign("/login");
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
  });
}

export function newId() {
  return crypto.randomUUID ? crypto.randomUUID() : fallbackId();
}

function fallbackId() {
  // Over plain http on another host, browsers offer no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

