// Where the person writes: Enter sends, "/" suggests commands, words suggest tags, pictures come by button, paste or drop.

import { askName, toast } from "./dialogs.js";
import { get, post } from "./api.js";
import { ControlBar } from "./control.js";
import { $, button, el } from "./dom.js";
import { PoseEditor } from "./pose.js";
import { RegionEditor } from "./regions.js";
import { t } from "./words.js";

const PAUSE = 140; // milliseconds without a key before tags are looked for
const LEAST = 2; // Latin letters; a Chinese sign alone is a word
const CLAUSE = /[^,，、。;；:：!！?？()（）[\]{}<>【】|\n]*$/; // what is being typed: from the last sign to the caret
const JSON_FILE = "application/json"; // a pose
// What a text says of its pose: by name or by the map of one, Chinese written as codes.
const POSE = /(?:^|\s)--(?:pose|\u59ff[\u52bf\u52e2])[\s=:]+([^\s,\uff0c\u3001\u3002\uff1b]+)/;
const POSE_MAP = /(?:^|\s)--control[\s=:]+((?:open)?pose:[^\s,\uff0c\u3001\u3002\uff1b]*map=[0-9a-f]{8,64}[^\s,\uff0c\u3001\u3002\uff1b]*)/;
const MIRRORED = /^(mirror(ed)?|flip|[\u955c\u93e1]\u50cf|\u7ffb[\u8f6c\u8f49]|\u53cd\u5411)$/i;
const KINDS = ["image/png", "image/jpeg", "image/webp", JSON_FILE];

export class Composer {
  // `send(text, pictures, over)` may fail: then the text stands here again. `open(name)` shows a panel.
  constructor(hello, send, open) {
    this.hello = hello;
    this.send = send;
    this.open = open;
    this.said = []; // for the arrow up, as in a shell
    this.recalled = null;
    this.form = $("composer");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.build();
    this.receive();
  }

  build() {
    const text = this.input?.value ?? "";
    this.input = el("textarea", {
      rows: 1,
      enterkeyhint: "send",
      "aria-label": t("page.composer.label"),
      placeholder: t("page.composer.placeholder"),
      "aria-autocomplete": "list",
      "aria-controls": "commands",
      "aria-expanded": "false",
      role: "combobox",
      oninput: (event) => {
        this.changed();
        if (!event.isComposing) this.look();
      },
      oncompositionend: () => this.look(),
      onkeydown: (event) => this.key(event),
      onclick: () => this.tagged && this.suggest([]),
      onblur: () => setTimeout(() => this.suggest([]), 150),
    });
    this.input.value = text;
    this.file = el("input", { type: "file", accept: KINDS.join(","), multiple: true, hidden: true, onchange: () => this.attach([...this.file.files]) });
    this.list = el("ul", { class: "commands", id: "commands", role: "listbox", "aria-label": t("page.composer.commands"), hidden: true });
    this.attachment = this.attachment ?? el("div", { class: "attachment", hidden: true });
    this.go = button(t("page.composer.send"), { shape: "send", bare: true, kind: "send", type: "submit" });
    $("talk").dataset.drop = t("page.composer.drop");
    this.form.replaceChildren(
      this.list,
      el(
        "div",
        { class: "box" },
        this.attachment,
        el(
          "div",
          { class: "row" },
          button(t("page.composer.attach"), { shape: "image", bare: true, onclick: () => this.file.click() }),
          button(t("page.composer.pose"), { shape: "pose", bare: true, onclick: () => this.strike() }),
          button(t("page.composer.regions"), { shape: "regions", bare: true, onclick: () => this.paint() }),
          this.input,
          button(t("page.composer.save"), { shape: "star", bare: true, kind: "keep", onclick: () => this.keep() }),
          this.go,
        ),
      ),
      el("p", { class: "hint" }, el("span", { text: t("page.composer.hint") }), this.switch()),
      this.file,
    );
    this.changed();
  }

  get text() {
    return this.input.value;
  }

  fill(words) {
    this.input.value = words;
    this.changed();
    this.suggest([]);
    this.input.focus();
    this.input.setSelectionRange(words.length, words.length);
  }

  changed() {
    clearTimeout(this.looking);
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 200)}px`;
    this.form.classList.toggle("filled", Boolean(this.text.trim()));
    const word = /^\/(\S*)$/.exec(this.text);
    if (word || !this.tagged) this.suggest(word ? this.hello.commands.filter((one) => one.name.startsWith(`/${word[1].toLowerCase()}`)) : []);
  }

  async submit() {
    const text = this.text.trim();
    if (!text && !this.pictures?.length && !this.over) return;
    const panel = /^\/(history|favourites)$/.exec(text.toLowerCase());
    if (panel) {
      this.fill("");
      this.open(panel[1]);
      return;
    }
    const { pictures, over, control, painting } = this;
    const wanted = [text, text.startsWith("/") ? "" : control?.option].filter(Boolean).join(" ");
    this.fill("");
    this.detach();
    this.said.push(text);
    this.recalled = null;
    try {
      await this.send(wanted, pictures, over);
    } catch {
      if (!this.text) this.fill(text);
      if (pictures?.length) this.attach(pictures, painting);
      if (over) this.paintOver(over);
      if (control && this.control) this.attachment.replaceChild((this.control = control).node, this.attachment.querySelector(".control-bar"));
    }
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return; // Enter ends the choice of a Chinese word
    const shown = !this.list.hidden;
    if (shown && this.tagged) {
      if (this.pick(event)) return;
    } else if (shown && ["ArrowDown", "ArrowUp", "Tab", "Enter", "Escape"].includes(event.key) && !event.shiftKey) {
      const chosen = this.list.children[this.at];
      const complete = this.text === chosen?.dataset.name;
      if (!(event.key === "Enter" && complete)) {
        event.preventDefault();
        if (event.key === "Escape") this.suggest([]);
        else if (event.key.startsWith("Arrow")) this.point(this.at + (event.key === "ArrowDown" ? 1 : -1));
        else this.choose(chosen.dataset.name);
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && this.said.length && (!this.text || this.text === this.recalled)) {
      const at = this.recalled === null ? this.said.length : this.said.lastIndexOf(this.recalled);
      const back = this.said[at - 1];
      if (back === undefined) return;
      event.preventDefault();
      this.recalled = back;
      this.fill(back);
    }
  }

  // --- tags ---

  // A choice made for good, so it stays with the browser.
  get suggesting() {
    try {
      return localStorage.getItem("suggest") !== "off";
    } catch {
      return true;
    }
  }

  switch() {
    const label = () => t(this.suggesting ? "page.suggest.on" : "page.suggest.off");
    const node = el("button", {
      type: "button",
      class: "switch",
      text: label(),
      title: t("page.suggest"),
      "aria-pressed": String(this.suggesting),
      onclick: () => {
        try {
          localStorage.setItem("suggest", this.suggesting ? "off" : "on");
        } catch {
          // A browser that keeps nothing suggests as it does at first.
        }
        node.textContent = label();
        node.setAttribute("aria-pressed", String(this.suggesting));
        this.suggest([]);
        this.input.focus();
      },
    });
    return node;
  }

  look() {
    clearTimeout(this.looking);
    const at = this.input.selectionStart;
    const clause = CLAUSE.exec(this.text.slice(0, at))[0];
    const typed = clause.trimStart();
    const rest = this.text.slice(at);
    const enough = typed.length >= LEAST || /[^\x00-\x7f]/.test(typed);
    const inside = this.input.selectionEnd !== at || /^[\p{L}\p{N}]/u.test(rest);
    if (!this.suggesting || !enough || inside || /^\s*[/／]/.test(this.text) || /(^|\s)--?\w*$/.test(clause)) {
      if (this.tagged) this.suggest([]);
      return;
    }
    const text = this.text;
    this.looking = setTimeout(async () => {
      let found;
      try {
        found = await get(`/api/tags?q=${encodeURIComponent(typed.slice(-60))}`);
      } catch {
        return; // only a convenience: nobody needs to hear that it failed
      }
      if (this.text !== text || this.input.selectionStart !== at || document.activeElement !== this.input) return;
      this.offer(found, at);
    }, PAUSE);
  }

  offer({ length, tags }, at) {
    const text = this.text;
    const rows = tags.map((one) => ({ ...one, name: one.insert, line: one.insert === one.tag ? one.chinese : one.tag }));
    this.suggest(rows, (name) => {
      if (this.text !== text) return; // the next suggestions are on their way
      this.input.setRangeText(name, at - length, at, "end");
      this.changed();
      this.input.focus();
    });
  }

  // Tab takes the first tag and Enter one that was pointed at; Enter alone sends, as it does without suggestions.
  pick(event) {
    const { key } = event;
    if (event.shiftKey) return false;
    if (key === "Escape") this.suggest([]);
    else if (key === "ArrowDown" || key === "ArrowUp") this.point(this.at < 0 && key === "ArrowUp" ? -1 : this.at + (key === "ArrowDown" ? 1 : -1));
    else if (key === "Tab" || (key === "Enter" && this.at >= 0)) this.take(this.list.children[Math.max(0, this.at)].dataset.name);
    else return false;
    event.preventDefault();
    return true;
  }

  take(name) {
    const take = this.tagged;
    this.suggest([]);
    take(name);
  }

  // --- commands ---

  // With `tagged` the rows are tags, none of which is chosen until somebody points at it.
  suggest(rows, tagged = null) {
    this.tagged = rows.length ? tagged : null;
    this.list.classList.toggle("tagged", Boolean(this.tagged));
    this.list.hidden = !rows.length;
    this.input.setAttribute("aria-expanded", String(rows.length > 0));
    this.list.replaceChildren(
      ...rows.map((one, index) =>
        el(
          "li",
          { id: `command-${index}`, role: "option", "data-name": one.name, onmousedown: (event) => event.preventDefault(), onclick: () => (this.tagged ? this.take(one.name) : this.choose(one.name)) },
          el("b", { text: one.name }),
          el("span", { text: one.line }),
          one.part ? el("small", { class: one.part, text: one.label }) : null,
        ),
      ),
    );
    this.at = -1;
    if (rows.length && !this.tagged) this.point(0);
    else this.input.removeAttribute("aria-activedescendant");
  }

  point(index) {
    const rows = [...this.list.children];
    this.at = (index + rows.length) % rows.length;
    rows.forEach((row, each) => row.setAttribute("aria-selected", String(each === this.at)));
    this.input.setAttribute("aria-activedescendant", `command-${this.at}`);
    rows[this.at].scrollIntoView({ block: "nearest" });
  }

  choose(name) {
    if (["/history", "/favourites"].includes(name)) {
      this.fill("");
      this.open(name.slice(1));
    } else this.fill(`${name} `);
  }

  // --- pictures ---

  receive() {
    this.form.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files].filter((each) => each.type.startsWith("image/"));
      if (!files.length) return;
      event.preventDefault();
      this.attach(files);
    });
    const talk = $("talk");
    let depth = 0;
    const files = (event) => event.dataTransfer?.types.includes("Files");
    const drag = (step) => (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = Math.max(0, depth + step);
      talk.classList.toggle("dropping", depth > 0);
    };
    // Anywhere on the page: beside the conversation the browser would open the file instead of the page.
    document.addEventListener("dragenter", drag(1));
    document.addEventListener("dragleave", drag(-1));
    document.addEventListener("dragover", (event) => files(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      talk.classList.remove("dropping");
      this.attach([...event.dataTransfer.files]);
    });
  }

  // With a `painting` it is the map of regions.
  attach(files, painting = null) {
    if (!files.length) return;
    const limit = this.hello.max_upload_mb;
    const size = files.reduce((sum, each) => sum + each.size, 0);
    if (!files.every((each) => KINDS.includes(each.type))) return toast(t("page.composer.not_a_picture"), "error");
    if (size > limit * 2 ** 20) return toast(t("page.composer.too_large", { limit }), "error");
    this.detach();
    this.pictures = files;
    this.painting = painting;
    this.thumbs(files.map((each) => (each.type === JSON_FILE ? "/static/pose.svg" : URL.createObjectURL(each))));
  }

  paintOver(picture) {
    this.detach();
    this.over = picture;
    this.thumbs([`/pictures/${picture}.png?size=thumb`]);
  }

  thumbs(sources) {
    this.attachment.replaceChildren(
      ...sources.map((source) => el("img", { src: source, alt: "" })),
      el("span", { text: t(this.painting ? "page.composer.map" : "page.composer.attached") }),
      button(t("page.composer.remove"), { shape: "cancel", bare: true, onclick: () => this.detach(true) }),
      (this.control = sources.length === 1 && !this.painting ? new ControlBar(this.hello.controls) : null)?.node ?? "",
    );
    this.attachment.hidden = false;
    this.input.focus();
  }

  // --- poses ---

  // The editor begins with the pose that the text names, and puts the new one in its place; weights stay.
  strike() {
    const [, said] = POSE.exec(this.text) ?? [];
    const [, control] = POSE_MAP.exec(this.text) ?? [];
    const parts = (said ?? control ?? "").split(":");
    const map = parts.find((one) => one.startsWith("map="));
    const start = said ?? map?.slice(4) ?? "";
    const kept = parts.slice(1).filter((one) => !/^(map|by)=/.test(one) && !MIRRORED.test(one));
    new PoseEditor(start, (pose, shape) => {
      const words = this.text.replace(said === undefined ? POSE_MAP : POSE, "").trim();
      const shaped = /--(?:ar|size|width|height|p|l|s)\b/.test(words);
      this.fill([words, `--pose ${[pose, ...kept].join(":")}`, shaped ? "" : `--ar ${shape}`].filter(Boolean).join(" "));
      toast(t("page.pose.used"));
    });
  }

  // --- regions ---

  paint() {
    new RegionEditor(this.hello.regions, this.text, this.painting, (text, file, painting) => {
      this.attach([file], painting);
      this.fill(text);
    });
  }

  detach(focus = false) {
    this.pictures = [];
    this.painting = null;
    this.over = null;
    this.control = null;
    this.file.value = "";
    this.attachment.hidden = true;
    this.attachment.replaceChildren();
    if (focus) this.input.focus();
  }

  // --- favourites ---

  keep() {
    const text = this.text.trim();
    if (!text) return toast(t("page.favourites.no_text"), "error");
    askName(t("page.favourites.name.title"), t("page.favourites.name"), text.slice(0, 40), async (name) => {
      const saved = await post("/api/favourites", { name, text });
      toast(t("page.favourites.saved", { name: saved.name }));
      dispatchEvent(new CustomEvent("favourites"));
    });
  }
}

