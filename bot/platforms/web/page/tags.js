// The tag table: chips to be touched, dragged (with a finger after a long press), or moved and weighed with keys.

import { get, press } from "./api.js";
import { complain } from "./dialogs.js";
import { $, button, el } from "./dom.js";
import { t } from "./words.js";

const HELD = 350; // milliseconds a finger rests on a chip before it can be dragged
const FAR = 8; // pixels a mouse moves before that is a drag, or a finger before it scrolls
const PAUSE = 160; // milliseconds without a key before tags are looked for

let before = Promise.resolve(); // what was touched last
let wanted = null; // the chip that has the focus once the table is there anew: {table, id}

export function tagTable(shown, message) {
  const touch = (what, ...more) => {
    const values = typeof more[more.length - 1] === "object" ? more.pop() : {};
    node.ariaBusy = "true";
    before = before // one after the other, in the order in which they were touched
      .then(() => press("tag", [shown.table, what, ...more].join("."), values, message))
      .catch(complain)
      .then(() => (node.ariaBusy = null));
  };
  const groups = shown.groups.map((group) =>
    el(
      "section",
      { class: `tag-group ${group.side}` },
      el("h4", { text: group.name }),
      el("ul", { class: "tag-chips", "data-side": group.side }, group.rows.map((row) => (row.sign ? sign(row) : chip(row, shown, touch)))),
      group.rows.some((row) => row.id === shown.chosen) ? touches(shown, touch) : null,
    ),
  );
  const draw = button(t("button.draw_tags"), { shape: "draw", kind: "primary", onclick: () => paint(shown.table) });
  const node = el(
    "div",
    { class: "tag-table" },
    groups,
    adding(shown, touch),
    el("footer", {}, draw, button(t("tags.reset"), { shape: "back", onclick: () => touch("reset") })),
  );
  if (wanted?.table === shown.table) {
    const { id } = wanted;
    wanted = null;
    queueMicrotask(() => node.querySelector(`[data-tag="${id}"] .tag-name`)?.focus());
  }
  return node;
}

async function paint(table) {
  try {
    await press("draw_tags", table);
    $("newest").click(); // where the picture comes
    dispatchEvent(new CustomEvent("pressed", { detail: { action: "draw_tags", target: table } }));
  } catch (failure) {
    complain(failure);
  }
}

// BREAK, AND and the weight of a side stand where they stand.
function sign(row) {
  return el("li", { class: "tag-sign", text: row.first, title: row.kind });
}

function chip(row, shown, touch) {
  const chosen = row.id === shown.chosen;
  const keep = () => (wanted = { table: shown.table, id: row.id });
  const weigh = (what, label) => el("button", { type: "button", class: "tag-weigh", tabindex: "-1", "aria-label": `${row.first} ${label}`, title: label, text: what === "more" ? "+" : "\u2212", onclick: () => touch(what, row.id, ...(chosen ? [] : ["p0"])) });
  const name = el(
    "button",
    {
      type: "button",
      class: "tag-name",
      "aria-label": row.label,
      "aria-expanded": String(chosen),
      "aria-keyshortcuts": "+ - Delete L Alt+ArrowLeft Alt+ArrowRight",
      onclick: () => (keep(), chosen ? touch("page", 0) : touch("row", row.id)),
    },
    el("b", { text: row.first }),
    row.second ? el("small", { text: row.second }) : null,
    row.kind ? el("i", { text: row.kind }) : null,
    row.weight ? el("em", { text: row.weight }) : null,
    row.is.map((words) => el("i", { text: words })),
  );
  const looks = [row.off && "off", row.locked && "locked", row.up && "up", row.down && "down", chosen && "chosen"].filter(Boolean).join(" ");
  const node = el(
    "li",
    { class: `tag-chip ${looks}`, "data-tag": String(row.id) },
    row.weighable ? weigh("less", t("tags.less")) : null,
    name,
    row.weighable ? weigh("more", t("tags.more")) : null,
  );
  name.addEventListener("keydown", (event) => key(event, row, node, touch, keep, chosen));
  draggable(node, (by) => (keep(), touch("move", row.id, by)));
  return node;
}

function key(event, row, node, touch, keep, chosen) {
  const back = chosen ? [] : ["p0"];
  const moved = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (moved && event.altKey) (keep(), touch("move", row.id, moved));
  else if (moved) {
    const every = [...node.closest(".tag-table").querySelectorAll(".tag-name")];
    every[every.indexOf(event.target) + moved]?.focus();
  } else if (event.key === "+" || event.key === "=") (keep(), touch("more", row.id, ...back));
  else if (event.key === "-") (keep(), touch("less", row.id, ...back));
  else if (event.key === "Delete" || event.key === "Backspace") (keep(), touch("off", row.id, ...back));
  else if (event.key.toLowerCase() === "l" && !event.ctrlKey && !event.metaKey) (keep(), touch("lock", row.id, ...back));
  else return;
  event.preventDefault();
}

// Calls `drop(places)` with how far a chip was dragged among those of its side.
function draggable(node, drop) {
  let from = null;
  let dragging = false;
  let timer = 0;
  let over = null;
  const begin = () => {
    dragging = true;
    node.classList.add("dragged");
    navigator.vibrate?.(10);
  };
  const mark = (one) => {
    over?.classList.remove("over");
    over = one;
    over?.classList.add("over");
  };
  const moved = (event) => {
    const far = Math.hypot(event.clientX - from.x, event.clientY - from.y) > FAR;
    if (!dragging && far) {
      if (event.pointerType !== "mouse") return end(); // it scrolls
      begin();
    }
    if (!dragging) return;
    const under = document.elementsFromPoint(event.clientX, event.clientY).map((one) => one.closest(".tag-chip")).find((one) => one && one !== node);
    mark(under && side(under) === side(node) ? under : null);
  };
  const letGo = () => {
    const target = over;
    const every = [...node.closest(".tag-table").querySelectorAll(`[data-side="${side(node)}"] li`)];
    end();
    if (dragging && target) drop(every.indexOf(target) - every.indexOf(node));
  };
  const end = () => {
    timer = clearTimeout(timer);
    mark(null);
    node.classList.remove("dragged");
    heard("removeEventListener");
  };
  // Of the whole document: a quick mouse is over another chip with its first step.
  const heard = (what) => [["pointermove", moved], ["pointerup", letGo], ["pointercancel", end]].forEach((one) => document[what](...one));
  node.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = { x: event.clientX, y: event.clientY };
    dragging = false;
    heard("addEventListener");
    if (event.pointerType !== "mouse") timer = setTimeout(begin, HELD);
  });
  // What was dragged is not pressed, and the page does not scroll along.
  node.addEventListener("click", (event) => dragging && (event.preventDefault(), event.stopPropagation(), (dragging = false)), true);
  node.addEventListener("touchmove", (event) => dragging && event.preventDefault(), { passive: false });
  node.addEventListener("contextmenu", (event) => (dragging || timer) && event.preventDefault());
}

const side = (node) => node.closest("[data-side]").dataset.side;

// What can be done to the chosen tag.
function touches(shown, touch) {
  const rows = shown.touches.map((one) => {
    const node = button(one.label, { kind: one.what, onclick: () => touch(one.what, shown.chosen) });
    node.ariaPressed = String(one.on);
    node.dataset.what = one.what;
    return node;
  });
  const near = shown.near.length
    ? el(
        "select",
        { "aria-label": t("tags.near"), onchange: (event) => event.target.value && touch("swap", shown.chosen, event.target.value) },
        el("option", { value: "", text: t("tags.near") }),
        shown.near.map((one) => el("option", { value: one.value, text: one.label })),
      )
    : null;
  return el("div", { class: "tag-touches", role: "group", "aria-label": t("tags.rows") }, rows, near);
}

function adding(shown, touch) {
  const list = el("datalist", { id: `tags-${shown.table}` });
  const input = el("input", { type: "text", maxlength: "1000", placeholder: t("tags.add_example"), "aria-label": t("tags.add_words"), list: list.id, enterkeyhint: "done" });
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => suggest(input, list), PAUSE);
  });
  const add = (name) => input.value.trim() && touch("add", { [name]: input.value });
  const form = el(
    "form",
    { class: "tag-adding", onsubmit: (event) => (event.preventDefault(), add("text")) },
    input,
    list,
    button(t("tags.add"), { shape: "plus", type: "submit" }),
    button(t("tags.add_negative"), { onclick: () => add("unwanted") }),
  );
  const favourites = shown.favourites.length
    ? el(
        "div",
        { class: "tag-favourites", role: "group", "aria-label": t("tags.favourites") },
        el("span", { text: t("tags.favourites") }),
        shown.favourites.map((one) => button(one.label, { kind: "favourite-tag", onclick: () => touch("fav", 0, one.value) })),
      )
    : null;
  return el("div", {}, form, favourites);
}

// What may be meant by the end of what is typed.
async function suggest(input, list) {
  const typed = input.value;
  let found;
  try {
    found = await get(`/api/tags?q=${encodeURIComponent(typed.slice(-60))}`);
  } catch {
    return; // only a convenience: nobody needs to hear that it failed
  }
  if (input.value !== typed) return;
  const start = typed.slice(0, typed.length - found.length);
  list.replaceChildren(...found.tags.map((one) => el("option", { value: start + one.insert, label: one.insert === one.tag ? one.chinese : one.tag })));
}
