// The conversation: messages as they come and change, older ones on the way up, and what the person sends.

import { get, insist, newKey } from "./api.js";
import { botMessage } from "./cards.js";
import { complain } from "./dialogs.js";
import { $, button, el, icon } from "./dom.js";
import { examples, t } from "./words.js";

const NEAR = 120; // pixels from the end within which the view follows what comes
const HAND = 1000; // milliseconds for which a move of the view is the person's, after they touched it

export class Chat {
  constructor(use) {
    this.use = use;
    this.known = new Map();
    this.oldest = null;
    this.more = false;
    this.log = $("log");
    this.view = $("scroll");
    this.stuck = true; // whether the view follows what comes
    this.touched = -HAND;
    for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.view.addEventListener(kind, () => (this.touched = performance.now()), { passive: true });
    }
    this.view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.log);
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.view);
    $("newest").addEventListener("click", () => {
      this.stuck = true;
      this.toEnd(true);
    });
    this.top = el("div", { class: "earlier" }, button(t("page.earlier"), { onclick: () => this.older() }));
  }

  async load(status) {
    this.known.clear();
    this.log.replaceChildren();
    const page = await get("/api/messages");
    this.more = page.more;
    page.messages.forEach((message) => this.put(message));
    this.oldest = page.messages[0]?.id ?? null;
    this.showEnds(status);
    this.toEnd();
    return page.changed;
  }

  put(message, before = null) {
    let known = this.known.get(message.id);
    if (!known) {
      known = message.author === "person" ? this.said(message) : botMessage();
      known.node.dataset.id = message.id;
      this.known.set(message.id, known);
      if (!known.node.isConnected) this.log.insertBefore(known.node, before);
    }
    known.update(message);
    $("empty").hidden = this.known.size > 0;
  }

  // What the person wrote; one that stands here as "sending" becomes the kept one.
  said(message) {
    const node = document.getElementById(`said-${message.key}`) ?? bubble(message);
    const update = () => {
      node.classList.remove("sending");
      node.querySelector(".quiet")?.remove();
    };
    return { node, update };
  }

  async send(text, pictures, over) {
    const key = newKey();
    const thumbs = (pictures ?? []).map((each) => URL.createObjectURL(each));
    const node = bubble({ key, text, thumbs, over });
    node.classList.add("sending");
    node.append(el("small", { class: "quiet", text: t("page.sending") }));
    $("empty").hidden = true;
    this.log.append(node);
    this.stuck = true;
    this.toEnd();
    let body = { text, key, over: over ?? "" };
    if (thumbs.length) {
      body = new FormData();
      body.append("text", text);
      body.append("key", key);
      for (const picture of pictures) body.append("picture", picture, picture.name || "picture.png");
    }
    try {
      await insist("/api/say", body);
    } catch (failure) {
      if (node.classList.contains("sending")) node.remove();
      $("empty").hidden = this.known.size > 0;
      complain(failure);
      throw failure;
    }
  }

  async older() {
    if (!this.more || this.loading) return;
    this.loading = true;
    try {
      const page = await get(`/api/messages?before=${encodeURIComponent(this.oldest)}`);
      const height = this.view.scrollHeight - this.view.scrollTop;
      const first = this.top.nextSibling;
      page.messages.forEach((message) => this.put(message, first));
      this.oldest = page.messages[0]?.id ?? this.oldest;
      this.more = page.more;
      this.showEnds();
      this.view.scrollTop = this.view.scrollHeight - height;
    } catch (failure) {
      complain(failure);
    } finally {
      this.loading = false;
    }
  }

  showEnds() {
    if (this.more) this.log.prepend(this.top);
    else this.top.remove();
    $("empty").hidden = this.known.size > 0;
  }

  welcome(status) {
    const sign = `${t("page.empty.title")} ${status.builtin}`;
    if (sign === this.welcomed) return;
    this.welcomed = sign;
    $("empty").replaceChildren(
      el("img", { class: "seal", src: "/static/seal.svg", alt: "", width: "56", height: "56" }),
      el("h2", { text: t("page.empty.title") }),
      el("p", { text: t("page.empty.text") }),
      el(
        "div",
        { class: "examples", role: "group", "aria-label": t("page.empty.examples") },
        examples().map((words) => el("button", { type: "button", onclick: () => this.use(words) }, icon("brush"), el("span", { text: words }))),
      ),
      status.builtin ? el("p", { class: "demo" }, icon("info"), el("span", { text: t("page.empty.demo") })) : "",
    );
  }

  scrolled() {
    $("newest").hidden = this.end() - this.view.scrollTop < 400;
    if (Math.abs(this.end() - this.view.scrollTop) < NEAR) this.stuck = true;
    else if (performance.now() - this.touched < HAND) this.stuck = false; // cards that grow and shrink move it too
    if (this.view.scrollTop < 200 && !this.stuck) this.older();
  }

  // Where the view rests: at the end, or at the head of the last card where that is taller than the view.
  end() {
    const last = this.log.lastElementChild;
    const whole = this.view.scrollHeight - this.view.clientHeight;
    return last ? Math.max(0, Math.min(whole, last.offsetTop - this.view.offsetTop - 12)) : 0;
  }

  toEnd(gently = false) {
    this.view.scrollTo({ top: this.end(), behavior: gently ? "smooth" : "instant" });
  }
}

function bubble(message) {
  const thumbs = message.thumbs?.length ? message.thumbs : message.over ? [`/pictures/${message.over}.png?size=thumb`] : [];
  return el(
    "article",
    { class: "message person", id: `said-${message.key}`, "aria-label": t("page.you") },
    thumbs.map((thumb) => el("img", { src: thumb, alt: t("page.composer.attached") })),
    message.text ? el("p", { text: message.text }) : null,
  );
}
