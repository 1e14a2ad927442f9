// The losses of a training as a curve: faint as they came, strong as they go on the whole.

import { el } from "./dom.js";
import { t } from "./words.js";

const [WIDE, HIGH] = [600, 160];

export function curve() {
  const svg = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img" });
  const marks = drawn("path", { class: "marks" });
  const raw = drawn("path", { class: "raw" });
  const smooth = drawn("path", { class: "smooth" });
  svg.append(marks, raw, smooth);
  const [top, bottom, last] = ["high", "low", "last"].map((name) => el("span", { class: name }));
  const node = el(
    "figure",
    { class: "train-curve", hidden: true },
    el("figcaption", {}, el("h4", { text: t("page.train.curve") }), el("small", { class: "quiet", text: t("page.train.curve.hint") })),
    el("div", { class: "plot" }, svg, top, bottom, last),
  );
  let steps = 1;
  let marked = [];

  // `points`: [step, loss, smoothed loss].
  function put(points, all) {
    node.hidden = points.length < 2;
    if (node.hidden) return;
    steps = Math.max(all, points[points.length - 1][0], 1);
    const values = points.flatMap(([, , value]) => value);
    const raws = points.map(([, value]) => value).sort((one, other) => one - other);
    const least = Math.min(...values, raws[0]);
    const most = Math.max(...values, raws[Math.floor((raws.length - 1) * 0.98)]); // one leap does not flatten the rest
    const across = (step) => (WIDE * step) / steps;
    const down = (value) => HIGH - (HIGH * (Math.min(most, value) - least)) / (most - least || 1);
    const path = (at) => points.map((point, each) => `${each ? "L" : "M"}${across(point[0]).toFixed(1)} ${down(point[at]).toFixed(1)}`).join("");
    raw.setAttribute("d", path(1));
    smooth.setAttribute("d", path(2));
    top.textContent = said(most);
    bottom.textContent = said(least);
    last.textContent = String(steps);
    svg.setAttribute("aria-label", t("page.train.curve.label", { from: said(points[0][2]), to: said(points[points.length - 1][2]), step: points[points.length - 1][0] }));
    mark(marked);
  }

  function mark(where) {
    marked = where;
    marks.setAttribute("d", where.map((step) => `M${((WIDE * step) / steps).toFixed(1)} 0V${HIGH}`).join(""));
  }

  return { node, put, mark };
}

const said = (value) => value.toPrecision(2);

function drawn(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
