// What a person did is kept in the browser's storage until the server has answered it: a reload, a
// lost network or a restarted server loses nothing. Every entry is a value of its own, under the
// pseudonym of the person, so that neither another tab nor another person writes over it.

import { me, newId, send } from "/static/api.js";

const WAITING = "eemo-review-waiting";
const REFUSED = "eemo-review-refused";
const AGAIN = [408, 425, 429]; // the server asks for patience

// Sends entries in order, each until it is answered; `tell` hears how many wait.
export class Outbox {
  constructor(tell) {
    this.tell = tell;
    this.waiting = new Map();
    this.unkept = new Map(); // entries for which the browser has no space
    this.number = 0;
    this.isSending = false;
    this.isStopped = false;
  }

  // Entries of this person that an earlier page left are sent first.
  async begin(raterId) {
    this.person = raterId;
    this.isStopped = false;
    await this.flush();
  }

  // Another tab has taken over: it sends what is left.
  stop() {
    this.isStopped = true;
  }

  // Returns the server's reply: {ok, status, body}.
  put(path, body) {
    const order = `${String(Date.now()).padStart(15, "0")}-${String(this.number++).padStart(6, "0")}`;
    const key = `${WAITING}/${this.person}/${order}-${newId()}`;
    const entry = JSON.stringify({ path, body });
    try {
      localStorage.setItem(key, entry);
    } catch {
      this.unkept.set(key, entry); // it is sent all the same, but a reload would lose it
    }
    const answered = new Promise((resolve) => this.waiting.set(key, resolve));
    this.flush();
    return answered;
  }

  keys() {
    const mine = `${WAITING}/${this.person}/`;
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(mine));
    return [...kept, ...this.unkept.keys()].sort();
  }

  async flush() {
    if (this.isSending) return;
    this.isSending = true;
    let pause = 250;
    for (let keys = this.keys(); keys.length && !this.isStopped; keys = this.keys()) {
      const [key] = keys;
      const entry = JSON.parse(this.unkept.get(key) ?? localStorage.getItem(key));
      this.tell("saving", keys.length);
      const reply = await this.send(entry);
      if (reply === null || reply.status >= 500 || AGAIN.includes(reply.status)) {
        this.tell(reply?.status === 507 ? "not stored" : "offline", keys.length);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, 5000);
        continue;
      }
      if (reply.status === 401) {
        this.tell("logged out", keys.length);
        break; // the entries stay, and are sent after the next login
      }
      pause = 250;
      this.settle(key, entry, reply, await reply.json().catch(() => ({})));
    }
    this.isSending = false;
    if (!this.isStopped && !this.keys().length) this.tell("saved", 0);
  }

  async send(entry) {
    try {
      const reply = await send(entry.path, entry.body);
      if (reply.status !== 403 || (await peek(reply)).code !== "csrf_missing") return reply;
      // The session was renewed elsewhere; what was done goes out under no other name.
      if ((await me()).rater_id !== this.person) return { status: 401 };
      return await send(entry.path, entry.body);
    } catch {
      return null;
    }
  }

  settle(key, entry, reply, body) {
    const resolve = this.waiting.get(key);
    if (!reply.ok && !resolve) {
      // Nobody on this page can answer the refusal: keep what was given, and say so.
      localStorage.setItem(key.replace(WAITING, REFUSED), JSON.stringify({ ...entry, refusal: body }));
      this.tell("refused", 1);
    }
    localStorage.removeItem(key);
    this.unkept.delete(key);
    this.waiting.delete(key);
    if (resolve) resolve({ ok: reply.ok, status: reply.status, body });
  }
}

async function peek(reply) {
  return await reply.clone().json().catch(() => ({}));
}
