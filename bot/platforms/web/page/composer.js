// Where the person writes: Enter sends, "/" suggests commands, pictures come by button, paste or drop.

import { askName, toast } from "./dialogs.js";
import { post } from "./api.js";
import { $, button, el } from "./dom.js";
import { t } from "./words.js";

const KINDS = ["image/png", "image/jpeg", "image/webp"];

export class Composer {
  // `send(text, picture, over)` may fail: then the text stands here again. `open(name)` shows a panel.
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
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onblur: () => setTimeout(() => this.suggest([]), 150),
    });
    this.input.value = text;
    this.file = el("input", { type: "file", accept: KINDS.join(","), hidden: true, onchange: () => this.attach(this.file.files[0]) });
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
          this.input,
          button(t("page.composer.save"), { shape: "star", bare: true, kind: "keep", onclick: () => this.keep() }),
          this.go,
        ),
      ),
      el("p", { class: "hint", text: t("page.composer.hint") }),
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
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 200)}px`;
    this.form.classList.toggle("filled", Boolean(this.text.trim()));
    const word = /^\/(\S*)$/.exec(this.text);
    this.suggest(word ? this.hello.commands.filter((one) => one.name.startsWith(`/${word[1].toLowerCase()}`)) : []);
  }

  async submit() {
    const text = this.text.trim();
    if (!text && !this.picture && !this.over) return;
    const panel = /^\/(history|favourites)$/.exec(text.toLowerCase());
    if (panel) {
      this.fill("");
      this.open(panel[1]);
      return;
    }
    const { picture, over } = this;
    this.fill("");
    this.detach();
    this.said.push(text);
    this.recalled = null;
    try {
      await this.send(text, picture, over);
    } catch {
      if (!this.text) this.fill(text);
      if (picture) this.attach(picture);
      if (over) this.paintOver(over);
    }
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return; // Enter ends the choice of a Chinese word
    const shown = !this.list.hidden;
    if (shown && ["ArrowDown", "ArrowUp", "Tab", "Enter", "Escape"].includes(event.key) && !event.shiftKey) {
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

  // --- commands ---

  suggest(rows) {
    this.list.hidden = !rows.length;
    this.input.setAttribute("aria-expanded", String(rows.length > 0));
    this.list.replaceChildren(
      ...rows.map((one, index) =>
        el(
          "li",
          { id: `command-${index}`, role: "option", "data-name": one.name, onmousedown: (event) => event.preventDefault(), onclick: () => this.choose(one.name) },
          el("b", { text: one.name }),
          el("span", { text: one.line }),
        ),
      ),
    );
    if (rows.length) this.point(0);
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
      const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      this.attach(file);
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
    talk.addEventListener("dragenter", drag(1));
    talk.addEventListener("dragleave", drag(-1));
    talk.addEventListener("dragover", (event) => files(event) && event.preventDefault());
    talk.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      depth = 0;
      talk.classList.remove("dropping");
      this.attach(event.dataTransfer.files[0]);
    });
  }

  attach(file) {
    if (!file) return;
    const limit = this.hello.max_upload_mb;
    if (!KINDS.includes(file.type)) return toast(t("page.composer.not_a_picture"), "error");
    if (file.size > limit * 2 ** 20) return toast(t("page.composer.too_large", { limit }), "error");
    this.detach();
    this.picture = file;
    this.thumb(URL.createObjectURL(file));
  }

  paintOver(picture) {
    this.detach();
    this.over = picture;
    this.thumb(`/pictures/${picture}.png?size=thumb`);
  }

  thumb(source) {
    this.attachment.replaceChildren(
      el("img", { src: source, alt: "" }),
      el("span", { text: t("page.composer.attached") }),
      button(t("page.composer.remove"), { shape: "cancel", bare: true, onclick: () => this.detach(true) }),
    );
    this.attachment.hidden = false;
    this.input.focus();
  }

  detach(focus = false) {
    this.picture = this.over = null;
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

