// The painter of regions: each of the words beside it has a colour, and holds where that is painted.

import { show, toast } from "./dialogs.js";
import { button, el } from "./dom.js";
import { PaintCanvas } from "./paint.js";
import { near, shapeSelect, sized } from "./shapes.js";
import { language, t } from "./words.js";

const MOST = 7; // regions
const LEAST = 0.005; // share of the canvas that a region has to cover
const PART = /^\s*([^:\uff1a]{1,30}?)\s*[:\uff1a]\s*(.*?)\s*$/s; // "red: a cat"
const OPTIONS = /\s*(?:^|\s)--\S[\s\S]*$/; // from the first option to the end
const SAID = /(?:^|\s)--(?:regions|ar|aspect)[\s=:]+\S+/g; // what the map says in their place

export class RegionEditor {
  // `colours`: [{name, label, shade, names}], `grounds`: what the whole picture's words may be called. `text` stands in
  // the input, `before` is what `use(text, file, painting)` was given last, where its map is still attached.
  constructor({ colours, grounds }, text, before, use) {
    this.colours = colours;
    this.grounds = grounds;
    this.use = use;
    this.options = (OPTIONS.exec(text)?.[0] ?? "").replace(SAID, "").trim();
    const { rows, ground } = this.read(text.replace(OPTIONS, ""));
    this.rows = rows;
    this.canvas = new PaintCanvas(t("page.regions.canvas"), before?.strokes ?? [], () => this.show());
    this.build(ground);
    const asked = /--(?:ar|aspect)[\s=:]+(\d+):(\d+)/.exec(text);
    const ratio = asked ? asked[1] / asked[2] : 1;
    this.shape.value = before?.shape ?? [...this.shape.options].find((one) => near(one.value, ratio))?.value ?? "1:1";
    this.choose(rows[0]);
    this.canvas.resize(...sized(this.shape.value));
  }

  // The regions of a text of this form, else two that are new, and its words for the whole picture.
  read(text) {
    const parts = text.split(/[|\uff5c]/).map((part) => PART.exec(part));
    const called = parts.map((part) => part && this.called(part[1].toLowerCase()));
    const rows = [];
    const grounds = [];
    if (parts.length > 1 && called.every(Boolean)) {
      called.forEach((one, at) => (one === "ground" ? grounds.push(parts[at][2]) : rows.push(this.row(one, parts[at][2]))));
    } else grounds.push(text.trim());
    while (rows.length < 2) rows.push(this.row(this.unused(rows)));
    return { rows, ground: grounds.join(", ") };
  }

  called(name) {
    return this.grounds.includes(name) ? "ground" : this.colours.find((one) => one.names.includes(name));
  }

  unused(rows) {
    return this.colours.find((one) => !rows.some((row) => row.colour === one));
  }

  row(colour, words = "") {
    const label = t("page.regions.paint", { colour: colour.label });
    const row = { colour };
    row.swatch = el("button", { type: "button", class: "swatch", "aria-label": label, title: label, "data-colour": colour.name, onclick: () => this.choose(row) });
    row.swatch.style.setProperty("--shade", colour.shade);
    row.input = el("input", { type: "text", maxlength: "400", value: words, placeholder: t("page.regions.words"), "aria-label": t("page.regions.words_of", { colour: colour.label }), onfocus: () => this.choose(row) });
    row.node = el("div", { class: "region" }, row.swatch, row.input, button(t("page.regions.remove", { colour: colour.label }), { shape: "trash", bare: true, onclick: () => this.remove(row) }));
    return row;
  }

  build(ground) {
    const does = (key, shape, act, more = {}) => button(t(`page.regions.${key}`), { shape, onclick: act, "data-does": key, ...more });
    this.shape = shapeSelect(t("page.regions.shape"), () => this.canvas.resize(...sized(this.shape.value)));
    this.undo = does("undo", "back", () => this.canvas.back(), { bare: true });
    this.redo = does("redo", "again", () => this.canvas.forth(), { bare: true });
    this.eraser = does("eraser", "edit", () => this.choose(null));
    this.clear = does("clear", "trash", () => this.canvas.clear());
    const brush = el("input", { type: "range", min: "0.02", max: "0.4", step: "0.01", value: String(this.canvas.size), "aria-label": t("page.regions.brush"), oninput: () => (this.canvas.size = Number(brush.value)) });
    this.list = el("div", { class: "regions-list" }, this.rows.map((row) => row.node));
    this.more = does("add", "plus", () => this.add());
    this.ground = el("input", { type: "text", maxlength: "400", value: ground, placeholder: t("page.regions.ground_words"), "aria-label": t("page.regions.ground") });
    this.dialog = show(
      "regions",
      t("page.regions"),
      el(
        "div",
        { class: "bench" },
        el("div", { class: "easel" }, this.canvas.node),
        el(
          "div",
          { class: "tools" },
          el("div", { class: "row" }, this.undo, this.redo, this.eraser, this.clear, this.shape),
          el("label", { class: "brush" }, el("span", { text: t("page.regions.brush") }), brush),
          this.list,
          el("div", { class: "region" }, el("span", { class: "swatch ground", title: t("page.regions.ground") }), this.ground, this.more),
          el("p", { class: "quiet", text: t("page.regions.hint") }),
          el("footer", {}, button(t("page.cancel"), { onclick: () => this.dialog.close() }), does("use", "check", () => this.done(), { kind: "primary" })),
        ),
      ),
    );
    this.dialog.addEventListener("keydown", (event) => this.shortcut(event));
  }

  shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input[type=text]")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.canvas.back();
    else if (key === "y" || key === "z") this.canvas.forth();
    else return;
    event.preventDefault();
  }

  show() {
    if (!this.undo) return;
    this.undo.disabled = this.clear.disabled = !this.canvas.strokes.length;
    this.redo.disabled = !this.canvas.future.length;
  }

  // A row to paint with its colour; none: the eraser.
  choose(row) {
    this.canvas.shade = row?.colour.shade ?? null;
    this.rows.forEach((one) => one.swatch.setAttribute("aria-pressed", String(one === row)));
    this.eraser.setAttribute("aria-pressed", String(!row));
  }

  add() {
    const colour = this.unused(this.rows);
    if (!colour || this.rows.length >= MOST) return toast(t("page.regions.most", { limit: MOST }), "error");
    const row = this.row(colour);
    this.rows.push(row);
    this.list.append(row.node);
    this.choose(row);
    row.input.focus();
  }

  // Its paint goes, too; that can be taken back.
  remove(row) {
    if (this.rows.length < 2) return;
    this.rows = this.rows.filter((one) => one !== row);
    row.node.remove();
    this.canvas.strokes = this.canvas.strokes.filter((one) => one.shade !== row.colour.shade);
    this.canvas.draw();
    this.choose(this.rows[0]);
  }

  async done() {
    const shares = this.canvas.shares(this.rows.map((row) => row.colour.shade));
    const said = [];
    for (const [at, row] of this.rows.entries()) {
      const words = plain(row.input.value);
      if (!words && shares[at] === 0) continue; // not used
      const problem = !words ? "no_words" : shares[at] < LEAST ? "no_paint" : "";
      if (problem) {
        row.input.focus();
        return toast(t(`page.regions.${problem}`, { colour: row.colour.label }), "error");
      }
      said.push([row.colour.label, words]);
    }
    if (!said.length) return toast(t("page.regions.nothing"), "error");
    const ground = plain(this.ground.value);
    if (ground || said.length < 2) said.push([this.grounds[0], ground]);
    const colon = language.startsWith("zh") ? "\uff1a" : ": ";
    const text = said.map((one) => one.join(colon).trimEnd()).join(" | ");
    const file = new File([await this.canvas.blob()], "regions.png", { type: "image/png" });
    this.dialog.close();
    this.use([text, this.options].filter(Boolean).join(" "), file, { strokes: this.canvas.strokes, shape: this.shape.value });
  }
}

// Words in which nothing parts regions.
function plain(words) {
  return words.replace(/\s*[|\uff5c\n]+\s*/g, ", ").trim();
}
