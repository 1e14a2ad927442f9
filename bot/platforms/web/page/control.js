// Under an attached picture: whether its shapes are followed, which, how strongly, and from when to when.

import { el } from "./dom.js";
import { t } from "./words.js";

const WEIGHT = { min: 0, max: 2, step: 0.05, usual: 1 };

export class ControlBar {
  // `kinds`: what can be followed, [{name, label}].
  constructor(kinds) {
    this.kind = el(
      "select",
      { "aria-label": t("page.control.kind"), class: "control-kind", onchange: () => this.changed() },
      el("option", { value: "", text: t("page.control.over") }),
      kinds.map((one) => el("option", { value: one.name, text: one.label })),
    );
    this.weight = this.slider("page.control.weight", WEIGHT.min, WEIGHT.max, WEIGHT.step, WEIGHT.usual, (value) => value.toFixed(2));
    const percent = (value) => `${Math.round(value * 100)} %`;
    this.start = this.slider("page.control.start", 0, 0.95, 0.05, 0, percent);
    this.end = this.slider("page.control.end", 0.05, 1, 0.05, 1, percent);
    this.start.input.addEventListener("input", () => this.apart(this.start, this.end));
    this.end.input.addEventListener("input", () => this.apart(this.end, this.start));
    this.more = el("div", { class: "control-more", hidden: true }, this.weight.row, this.start.row, this.end.row);
    this.node = el("div", { class: "control-bar" }, this.kind, this.more);
  }

  slider(key, min, max, step, usual, shown) {
    const output = el("output", { text: shown(usual) });
    const input = el("input", { type: "range", min: String(min), max: String(max), step: String(step), value: String(usual), "aria-label": t(key) });
    const show = () => (output.textContent = shown(Number(input.value)));
    input.addEventListener("input", show);
    return { input, show, row: el("label", {}, el("span", { text: t(key) }), input, output) };
  }

  changed() {
    this.more.hidden = !this.kind.value;
  }

  // It cannot end before it begins: the other end gives way.
  apart(moved, other) {
    const [start, end] = [Number(this.start.input.value), Number(this.end.input.value)];
    if (start < end) return;
    other.input.value = String(moved === this.start ? Math.min(1, start + 0.05) : Math.max(0, end - 0.05));
    other.show();
  }

  // As it is written into a text; "" where the picture is drawn over.
  get option() {
    if (!this.kind.value) return "";
    const plain = (input) => String(Number(Number(input.value).toFixed(2)));
    const name = this.kind.value.includes(" ") ? `"${this.kind.value}"` : this.kind.value;
    const weight = plain(this.weight.input);
    const [start, end] = [plain(this.start.input), plain(this.end.input)];
    const range = start === "0" && end === "1" ? "" : `:${start}-${end}`;
    return `--control ${name}:${weight}${range}`;
  }
}
