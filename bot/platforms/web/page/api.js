// What the page and the server say to each other.

import { t } from "./words.js";

export class Failure extends Error {
  constructor(status, key, words) {
    super(words);
    this.status = status;
    this.key = key;
  }
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, "0")).join("");
}

async function ask(method, path, body) {
  const options = { method, headers: { "X-Danqing": "1" }, credentials: "same-origin" };
  if (body instanceof FormData || body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Failure(0, "", t("page.failed"));
  }
  let answer = {};
  try {
    answer = await response.json();
  } catch {
    // A proxy's own error page: the status says enough.
  }
  if (!response.ok) {
    if (answer.key === "web.sign_in") location.reload();
    throw new Failure(response.status, answer.key ?? "", answer.error ?? t("page.failed"));
  }
  return answer;
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const send = (path, file) => ask("POST", path, file);
export const patch = (path, body) => ask("PATCH", path, body);
export const remove = (path) => ask("DELETE", path);

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// A line lost on the way is sent once more under the same key, so that it counts once.
export async function insist(path, body) {
  try {
    return await post(path, body);
  } catch (failure) {
    if (failure.status !== 0) throw failure;
    await pause(1200);
    return post(path, body);
  }
}

// `message` is the one in which it was pressed: another card may come in its place.
export const press = (action, target, values = {}, message = "") =>
  insist("/api/press", { action, target, values, message, key: newKey() });

const SILENCE = 40_000; // the server gives a sign every 15 s
const HIDDEN = 20_000; // browsers allow six streams to one server: a page in the background lets go of its own

// The stream of events; `heard(kind, event)` gets each, `state(connected)` every change of the connection.
export class Stream {
  constructor(since, heard, state) {
    this.since = since;
    this.heard = heard;
    this.state = state;
    this.wait = 500;
    document.addEventListener("visibilitychange", () => this.seen());
    addEventListener("online", () => this.open());
    this.open();
  }

  open() {
    this.close();
    if (document.hidden && this.asleep) return;
    const source = (this.source = new EventSource(`/api/events?since=${this.since}`));
    source.onopen = () => {
      this.wait = 500;
      this.alive();
      this.state(true);
    };
    source.onerror = () => this.lost();
    for (const kind of ["message", "status", "notice", "training", "beat"]) {
      source.addEventListener(kind, (event) => {
        if (source !== this.source) return;
        this.alive();
        if (event.lastEventId) this.since = Math.max(this.since, Number(event.lastEventId));
        if (kind !== "beat") this.heard(kind, JSON.parse(event.data));
      });
    }
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.source?.close();
    this.source = null;
  }

  alive() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.lost(), SILENCE);
  }

  lost() {
    this.close();
    this.state(false);
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 1.7, 8000);
  }

  seen() {
    clearTimeout(this.sleep);
    if (document.hidden) {
      this.sleep = setTimeout(() => {
        this.asleep = true;
        this.close();
      }, HIDDEN);
    } else if (this.asleep || !this.source) {
      this.asleep = false;
      this.open();
    }
  }
}
