// Pictures that are compared: a table whose labels stay, one zoom for all cells, and two of them over each other.

import { press } from "./api.js";
import { act } from "./actions.js";
import { complain } from "./dialogs.js";
import { announce, button, el, icon } from "./dom.js";
import { t } from "./words.js";

const MOST = 8; // times that cells are enlarged
const STEP = 1.5;
const NEAR = 4; // pixels that a finger may tremble without moving anything
const PAN = 0.1; // of what there is to see beside, by an arrow key
let made = 0;

// The table of `cells` (sheet by sheet, row by row), and `count(votes)`, which shows what each cell has.
export function comparedTable(table, framed) {
  const view = { scale: 1, x: 0.5, y: 0.5 };
  const chosen = table.job ? [] : [0, 1]; // two pictures are there to be laid over each other
  const name = `compared-${++made}`;
  const size = table.columns.length * table.rows.length;
  const frames = []; // every picture that zooms with the others
  const numbers = [];
  const badges = [];
  const first = table.cells.map((one) => table.cells.findIndex((other) => other.id === one.id));

  const values = (at) => {
    const column = at % table.columns.length;
    const row = Math.floor((at % size) / table.columns.length);
    return [table.sheets[Math.floor(at / size)], table.rows[row], table.columns[column]].filter(Boolean).join(" · ");
  };
  const called = (at) => (table.job ? String(at + 1) : "AB"[at]);
  const said = (at) => ({ number: called(at), values: values(at).replace(/^[AB] · /, "") });

  const bar = el("div", { class: "chosen" });
  const panels = table.sheets.map((label, sheet) => panel(sheet));
  const tabs = table.sheets.length > 1 ? tablist() : null;
  const region = el("div", { class: "compared-scroll", role: "region", tabindex: "0", "aria-label": t("page.table") }, panels);
  const node = el("div", { class: "media compared" }, tools(), tabs, region, bar);
  region.style.setProperty("--columns", table.columns.length);
  region.addEventListener("keydown", keys);
  region.addEventListener("wheel", wheel, { passive: false });
  show(0);
  choose();

  // --- the table ---

  function panel(sheet) {
    const head = table.columns.some(Boolean)
      ? el("thead", {}, el("tr", {}, table.rows.some(Boolean) ? el("td", { class: "corner" }) : null, table.columns.map((label) => el("th", { scope: "col", text: label }))))
      : null;
    const rows = table.rows.map((label, row) =>
      el("tr", {}, label || table.rows.some(Boolean) ? el("th", { scope: "row", text: label }) : null, table.columns.map((_, column) => cell(sheet * size + row * table.columns.length + column))),
    );
    const tabbed = table.sheets.length > 1 ? { role: "tabpanel", "aria-labelledby": `${name}-tab-${sheet}` } : {};
    return el("div", { class: "panel-of", id: `${name}-${sheet}`, ...tabbed }, el("table", {}, head, el("tbody", {}, rows)));
  }

  function cell(at) {
    const frame = zoomed(at, "(max-width: 700px) 46vw, 400px");
    const number = button(called(at), { kind: "number", "aria-label": t("page.table.choose", said(at)), onclick: () => toggle(at) });
    const badge = el("span", { class: "votes", hidden: true });
    numbers[at] = number;
    badges[at] = badge;
    return el("td", {}, el("div", { class: "cell" }, frame, el("div", { class: "under" }, number, badge)));
  }

  function zoomed(at, sizes) {
    const frame = framed(table.cells[at], values(at), sizes);
    const picture = frame.querySelector("img");
    frame.setAttribute("aria-label", t("page.table.open", said(at)));
    frame.draggable = false;
    if (picture) {
      picture.alt = t("page.table.cell", said(at));
      picture.draggable = false;
      picture.dataset.sizes = sizes;
    }
    movable(frame);
    frames.push(frame);
    return frame;
  }

  function tablist() {
    const list = el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": t("page.table.tabs") },
      table.sheets.map((label, sheet) => button(label, { role: "tab", id: `${name}-tab-${sheet}`, "aria-controls": `${name}-${sheet}`, onclick: () => show(sheet) })),
    );
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const now = [...list.children].findIndex((one) => one.ariaSelected === "true");
      const next = (now + step + list.children.length) % list.children.length;
      show(next);
      list.children[next].focus();
    });
    return list;
  }

  function show(sheet) {
    panels.forEach((one, at) => (one.hidden = at !== sheet));
    [...(tabs?.children ?? [])].forEach((tab, at) => {
      tab.ariaSelected = String(at === sheet);
      tab.tabIndex = at === sheet ? 0 : -1;
    });
  }

  function tools() {
    const file = table.job || `${table.cells[0].id}.${table.cells[1].id}`;
    const zoom = (label, shape, act) => button(t(label), { shape, bare: true, onclick: act });
    return el(
      "div",
      { class: "toolbar table-tools", role: "group", "aria-label": t("page.table") },
      zoom("page.table.out", "minus", () => scale(view.scale / STEP)),
      zoom("page.table.in", "plus", () => scale(view.scale * STEP)),
      zoom("page.table.whole", "image", () => scale(1)),
      el("a", { class: "button", href: `/sheets/${file}.png`, download: `danqing-${file}.png` }, icon("download"), el("span", { text: t("page.table.sheet") })),
    );
  }

  // --- zoom and place, of all cells at once ---

  function scale(value) {
    view.scale = Math.min(MOST, Math.max(1, value));
    if (view.scale < 1.05) Object.assign(view, { scale: 1, x: 0.5, y: 0.5 });
    place();
  }

  function move(x, y) {
    view.x = Math.min(1, Math.max(0, x));
    view.y = Math.min(1, Math.max(0, y));
    place();
  }

  function place() {
    const more = (view.scale - 1) * 100;
    node.classList.toggle("large", view.scale > 1);
    for (const frame of frames) {
      const picture = frame.querySelector("img");
      if (!picture) continue;
      picture.style.transform = `translate(${-view.x * more}%, ${-view.y * more}%) scale(${view.scale})`;
      // The browser takes a larger copy, where there is more to be seen.
      if (picture.srcset) picture.sizes = view.scale > 1 ? `${Math.round((frame.clientWidth || 400) * view.scale)}px` : picture.dataset.sizes;
    }
  }

  function movable(frame) {
    const fingers = new Map();
    let moved = false;
    let apart = 0;
    const distance = () => {
      const [one, other] = [...fingers.values()];
      return Math.hypot(one.x - other.x, one.y - other.y);
    };
    frame.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      if (!fingers.size) moved = false;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) apart = distance();
    });
    frame.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const [x, y] = [event.clientX - before.x, event.clientY - before.y];
      if (!moved && Math.hypot(x, y) < NEAR) return;
      moved = true;
      frame.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) {
        const now = distance();
        scale((view.scale * now) / apart);
        apart = now;
      } else if (view.scale > 1) {
        const room = view.scale - 1;
        move(view.x - x / (frame.clientWidth * room), view.y - y / (frame.clientHeight * room));
      }
    });
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => fingers.delete(event.pointerId));
    frame.addEventListener("click", (event) => moved && event.detail && event.preventDefault(), true); // a key moves nothing
  }

  function wheel(event) {
    if (!event.ctrlKey) return; // so does a touchpad's pinch
    event.preventDefault();
    scale(view.scale * Math.exp(-event.deltaY / 200));
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "+" || event.key === "=") scale(view.scale * STEP);
    else if (event.key === "-") scale(view.scale / STEP);
    else if (event.key === "0") scale(1);
    else if (way && view.scale > 1) move(view.x + way[0] * PAN, view.y + way[1] * PAN);
    else return;
    event.preventDefault();
  }

  // --- what is chosen ---

  function toggle(at) {
    const known = chosen.indexOf(at);
    if (known >= 0) chosen.splice(known, 1);
    else {
      chosen.push(at);
      if (chosen.length > 2) chosen.shift();
    }
    choose();
    if (chosen.length) announce(t("page.table.chosen", { values: chosen.map((one) => t("page.table.cell", said(one))).join("; ") }));
  }

  function choose() {
    numbers.forEach((one, at) => (one.ariaPressed = String(chosen.includes(at))));
    frames.length = table.cells.length; // those that lay over each other are gone
    const lines = table.job ? chosen.map(line) : [];
    const hint = chosen.length < 2 ? el("p", { class: "quiet", text: t("page.table.hint") }) : null;
    bar.replaceChildren(...[...lines, hint, chosen.length === 2 ? slider(...chosen) : null].filter(Boolean));
    place();
  }

  function line(at) {
    const pressed = (action) => async () => {
      try {
        await act({ action, target: table.cells[at].id }, "", press);
      } catch (failure) {
        complain(failure);
      }
    };
    return el(
      "div",
      { class: "toolbar", role: "group", "aria-label": t("page.table.cell", said(at)) },
      el("strong", { text: t("page.table.cell", said(at)) }),
      button(t("button.this_one"), { shape: "this_one", onclick: pressed("this_one") }),
      button(t("page.table.vote"), { shape: "vote", onclick: pressed("vote_for") }),
    );
  }

  function slider(left, right) {
    const words = { first: t("page.table.cell", said(left)), second: t("page.table.cell", said(right)) };
    const sizes = "(max-width: 700px) 92vw, 640px";
    const [under, over] = [zoomed(right, sizes), zoomed(left, sizes)];
    const plain = [under, over].map((one) => el("div", { class: "layer" }, ...one.childNodes)); // nothing to press beneath the line
    frames.splice(-2, 2, ...plain);
    const range = el("input", { type: "range", min: "0", max: "100", value: "50", step: "1", "aria-label": t("page.table.slider", words) });
    const whole = el("div", { class: "over" }, plain, el("i", { class: "line" }), el("span", { class: "left", text: words.first }), el("span", { class: "right", text: words.second }), range);
    const one = table.cells[left];
    whole.style.aspectRatio = `${one.width} / ${one.height}`;
    whole.style.setProperty("--ratio", one.width / one.height);
    const cut = () => {
      whole.style.setProperty("--at", `${range.value}%`);
      range.setAttribute("aria-valuetext", `${range.value}%`);
    };
    range.addEventListener("input", cut);
    cut();
    return whole;
  }

  function count(votes = []) {
    badges.forEach((badge, at) => {
      const given = votes?.[first[at]] ?? 0;
      badge.hidden = !given;
      badge.textContent = given ? t("page.table.votes", { count: given }) : "";
    });
  }

  return { node, count };
}
