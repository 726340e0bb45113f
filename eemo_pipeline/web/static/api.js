// Requests of the review page. What a person did is kept in the browser's storage until the server
// has it: a reload, a lost network or a restarted server loses nothing.

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

const STORE = "eemo-review-outbox";

// Sends entries in order, each until it is answered; `tell` hears how many wait.
export class Outbox {
  constructor(tell) {
    this.tell = tell;
    this.entries = JSON.parse(localStorage.getItem(STORE) || "[]");
    this.waiting = new Map();
    this.isSending = false;
  }

  // Returns the server's reply: {ok, status, body}.
  put(path, body) {
    const id = newId();
    this.entries.push({ id, path, body });
    this.keep();
    const answered = new Promise((resolve) => this.waiting.set(id, resolve));
    this.flush();
    return answered;
  }

  keep() {
    localStorage.setItem(STORE, JSON.stringify(this.entries));
  }

  async flush() {
    if (this.isSending) return;
    this.isSending = true;
    let pause = 250;
    while (this.entries.length) {
      const entry = this.entries[0];
      this.tell("saving", this.entries.length);
      let reply = null;
      try {
        reply = await send(entry.path, entry.body);
        if (reply.status === 403 && (await peek(reply)).code === "csrf_missing") {
          await me(); // the session was renewed elsewhere
          reply = await send(entry.path, entry.body);
        }
      } catch {
        reply = null;
      }
      if (reply === null || reply.status >= 500) {
        this.tell("offline", this.entries.length);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, 5000);
        continue;
      }
      if (reply.status === 401) {
        this.tell("logged out", this.entries.length);
        break; // the entries stay, and are sent after the next login
      }
      pause = 250;
      this.entries.shift();
      this.keep();
      const resolve = this.waiting.get(entry.id);
      this.waiting.delete(entry.id);
      const body = await reply.json().catch(() => ({}));
      if (resolve) resolve({ ok: reply.ok, status: reply.status, body });
    }
    this.isSending = false;
    if (!this.entries.length) this.tell("saved", 0);
  }
}

async function peek(reply) {
  return await reply.clone().json().catch(() => ({}));
}
