// The samples of a training: those of one step large, with a slider over the steps, and all of them side by side.

import { button, el } from "./dom.js";
import { t } from "./words.js";

// `choose(step)` keeps the file of that step as the LoRA.
export function samples({ choose }) {
  const large = el("div", { class: "samples-large" });
  const range = el("input", { type: "range", min: "0", step: "1", "aria-label": t("page.train.samples.slider") });
  const label = el("output", {});
  const keep = button("", { shape: "star", onclick: () => choose(all[at()].step) });
  const strip = el("div", { class: "samples-all", role: "region", tabindex: "0", "aria-label": t("page.train.samples.all") });
  const node = el(
    "section",
    { class: "train-samples", hidden: true, "aria-label": t("page.train.samples") },
    el("h4", { text: t("page.train.samples") }),
    large,
    el("div", { class: "samples-slider" }, range, label, keep),
    strip,
  );
  let all = [];
  let chosen = 0;
  let choosable = []; // steps whose files there are
  let sign = "";
  const at = () => Math.min(all.length - 1, Number(range.value));
  range.addEventListener("input", () => show());

  const called = (one, step) => t(one.with ? "page.train.sample" : "page.train.sample.without", { number: one.number, step });
  const frame = (one, step, size) =>
    el("a", { class: "frame", href: `#picture/${one.picture}`, "aria-label": called(one, step) }, el("img", { src: `/pictures/${one.picture}.png?size=${size}`, alt: "", loading: "lazy", decoding: "async" }));

  function show() {
    const row = all[at()];
    large.replaceChildren(...row.pictures.map((one) => el("figure", {}, frame(one, row.step, "640"), el("figcaption", { text: t(one.with ? "page.train.with" : "page.train.without") }))));
    label.textContent = t("page.train.at_step", { step: row.step });
    range.setAttribute("aria-valuetext", label.textContent);
    keep.querySelector("span").textContent = t("page.train.keep_step", { step: row.step });
    keep.hidden = !choosable.includes(row.step) || row.step === chosen;
    [...strip.querySelectorAll("[data-at]")].forEach((one) => one.setAttribute("aria-current", String(Number(one.dataset.at) === at())));
    const column = strip.querySelector(`[data-at="${at()}"]`);
    if (column) strip.scrollLeft = column.offsetLeft - (strip.clientWidth - column.offsetWidth) / 2; // not the page: that would jump
  }

  // `rows`: [{step, pictures: [{picture, with, number}]}], first steps first.
  function put(rows, kept, files) {
    const now = JSON.stringify([rows, kept, files]);
    if (now === sign) return;
    const newest = !all.length || at() === all.length - 1; // whoever looks at the newest is shown the next
    const before = all.length ? all[at()].step : 0;
    [all, chosen, choosable, sign] = [rows, kept, files, now];
    node.hidden = !rows.length;
    if (!rows.length) return;
    range.max = String(rows.length - 1);
    range.hidden = rows.length < 2;
    const stays = rows.findIndex((one) => one.step === before);
    range.value = String(newest || stays < 0 ? rows.length - 1 : stays);
    strip.hidden = rows.length < 2;
    strip.replaceChildren(
      ...rows.map((row, place) =>
        el(
          "div",
          { class: "samples-step", "data-at": String(place) },
          el("button", { type: "button", class: "button", "aria-label": t("page.train.show_step", { step: row.step }), text: row.step === chosen ? `${row.step} ★` : String(row.step), onclick: () => ((range.value = String(place)), show()) }),
          row.pictures.map((one) => frame(one, row.step, "thumb")),
        ),
      ),
    );
    show();
  }

  return { node, put };
}
