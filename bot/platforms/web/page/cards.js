// A card of the bot: what was understood, progress and preview, pictures, buttons. A newer card is patched into the
// old one part by part, so that focus, open details and pictures stay where they are.

import { press } from "./api.js";
import { act } from "./actions.js";
import { announce, button, el, icon } from "./dom.js";
import { complain } from "./dialogs.js";
import { comparedTable } from "./table.js";
import { tagTable } from "./tags.js";
import { secondsLeft, t, when } from "./words.js";

const ENDS = ["done", "failed", "cancelled"];
const COPIES = [320, 640, 1280, 2048]; // longest sides of a picture's copies, as gallery.py has them
const SMALL = 320; // pixels: below this a picture is enlarged to be seen
const IN_TABLE = ["compared_picture", "vote"]; // what a table does by itself
const WORDED = ["use_again", "versus_with"]; // under one of several pictures: no icon says what these do
const counting = new Map(); // cards that count their seconds down between two words from the server

setInterval(() => counting.forEach((tick) => tick()), 1000);

export function botMessage() {
  const parts = {};
  const seen = { pictures: false }; // that somebody wanted to see what is veiled
  const body = el("div", { class: "body" });
  const node = el("article", { class: "message bot" }, body);

  // Rebuilds a part only when what it shows has changed, and keeps the focus in it.
  function part(name, shown, build) {
    const known = parts[name];
    const sign = JSON.stringify(shown);
    if (known?.sign === sign) return;
    const fresh = shown ? build(shown) : el("div", { hidden: true });
    const focused = known?.node.contains(document.activeElement);
    const at = focused ? [...known.node.querySelectorAll("button")].indexOf(document.activeElement) : 0;
    if (known) known.node.replaceWith(fresh);
    else body.append(fresh);
    parts[name] = { sign, node: fresh };
    if (focused) (fresh.querySelectorAll("button")[at] ?? fresh.querySelector("button") ?? document.querySelector("#composer textarea"))?.focus();
  }

  function update(card) {
    const { state, pictures, buttons, understood } = card;
    const ended = ENDS.includes(state);
    const running = state && !ended;
    const before = node.dataset.state;
    node.className = `message bot ${card.kind} ${state ?? ""}`;
    node.dataset.state = state ?? "";
    const table = running ? null : card.table;
    const targets = new Set(pictures.map((one) => one.id));
    part("head", [card.kind, card.text, state, card.created], () => head(card));
    const { votes, ...cells } = table ?? {};
    const media = table ? [cells, card.spoiler] : [pictures, understood?.text, card.spoiler, buttons.filter((one) => one.on)];
    part("media", running ? ["running", card.size] : pictures.length ? media : null, () =>
      running ? stage(card) : veiled(table ? comparison(table) : gallery(card, buttons), card.spoiler, seen),
    );
    if (table) parts.media.node.count(votes);
    if (running) progress(parts.media.node, card, state);
    part("maps", card.maps?.length ? card.maps : null, followed);
    part("understood", understood, understanding);
    part("tags", card.tags, (shown) => tagTable(shown, card.id));
    part("fields", card.fields.length ? card.fields : null, lines);
    part("file", card.file, attached);
    part("selects", card.selects?.length ? card.selects : null, (rows) => selects(rows, card.id));
    const shared = table ? buttons.filter((one) => !IN_TABLE.includes(one.action)) : pictures.length > 1 ? buttons.filter((one) => !targets.has(one.target)) : buttons;
    const rest = shared.map((one) => ({ ...one, message: card.id }));
    part("buttons", rest.length ? [rest, pictures] : null, () => toolbar(rest, table ? [] : pictures, understood?.text ?? ""));
    node.classList.toggle("with-media", Boolean(running || pictures.length));
    if (before !== undefined && before !== node.dataset.state) announce(card.text);
  }

  return { node, update };
}

function head(card) {
  const mark = card.kind === "error" ? icon("alert") : card.state === "done" ? icon("check") : null;
  const time = el("time", { datetime: card.created, text: when(card.created) });
  return el("header", { class: "head" }, mark, el("p", { text: card.text }), time);
}

// --- while it is drawn ---

function stage(card) {
  const bar = el("div", { class: "bar", role: "progressbar", "aria-label": t("page.progress"), "aria-valuemin": "0", "aria-valuemax": "100" }, el("i"));
  const size = card.size ?? { width: 1, height: 1 };
  const frame = el("div", { class: "frame" }, el("div", { class: "wash" }), el("img", { class: "preview", alt: t("page.picture.preview"), hidden: true }));
  frame.style.aspectRatio = `${size.width} / ${size.height}`;
  frame.style.setProperty("--ratio", size.width / size.height);
  return el("div", { class: "media" }, frame, el("div", { class: "progress" }, bar, el("p", {}, el("span", { class: "where" }), el("span", { class: "left" }))));
}

function progress(media, card, state) {
  const known = card.progress ?? {};
  const drawing = state === "running";
  const percent = drawing && known.steps ? Math.round((100 * known.step) / known.steps) : 0;
  const bar = media.querySelector(".bar");
  bar.classList.toggle("unsure", !percent);
  bar.firstChild.style.width = `${percent}%`;
  if (percent) bar.setAttribute("aria-valuenow", percent);
  else bar.removeAttribute("aria-valuenow");
  media.querySelector(".where").textContent = where(known, drawing);
  const preview = media.querySelector(".preview");
  if (known.preview && preview.src !== known.preview) {
    preview.src = known.preview;
    preview.hidden = false;
  }
  const quarter = Math.floor(percent / 25);
  if (quarter && quarter !== Number(bar.dataset.quarter ?? 0)) {
    bar.dataset.quarter = quarter;
    announce(t("page.progress.percent", { percent: quarter * 25 }));
  }
  const left = media.querySelector(".left");
  const from = performance.now();
  const tick = () => {
    if (!left.isConnected && counting.has(left)) return counting.delete(left);
    const rest = known.seconds_left - (performance.now() - from) / 1000;
    left.textContent = known.seconds_left > 0 ? secondsLeft(Math.max(0, rest)) : "";
  };
  tick();
  counting.set(left, tick);
}

function where(known, drawing) {
  if (drawing && known.step) return t(known.pictures > 1 ? "page.progress.picture" : "page.progress.step", known);
  if (drawing) return t("page.progress.starting");
  if (known.place === 1) return t("page.progress.next");
  return known.place > 1 ? t("page.progress.place", known) : t("page.progress.waiting");
}

// --- pictures ---

function gallery(card, buttons) {
  const words = card.understood?.text ?? "";
  const many = card.pictures.length > 1;
  const figures = card.pictures.map((one) => {
    const own = many ? buttons.filter((each) => each.target === one.id && !each.more) : []; // a click shows all
    return el("figure", {}, framed(one, words, many ? "(max-width: 700px) 45vw, 340px" : "(max-width: 700px) 92vw, 700px"), own.length ? toolbar(own, [], words, true) : null);
  });
  return el("div", { class: `media ${many ? "many" : ""}` }, figures);
}

// Blurred until somebody wants to see it, where it is a spoiler.
function veiled(media, spoiler, seen) {
  if (spoiler && !seen.pictures) {
    const unveil = button(t("page.spoiler"), { kind: "unveil", onclick: () => ((seen.pictures = true), media.classList.remove("veiled"), unveil.remove()) });
    media.classList.add("veiled");
    media.prepend(unveil);
  }
  return media;
}

function comparison(table) {
  const made = comparedTable(table, framed);
  made.node.count = made.count;
  return made.node;
}

// The maps that the pictures follow, small.
function followed(maps) {
  const shown = maps.map((one) => {
    const map = el("img", { src: `/pictures/${one}.png?size=thumb`, loading: "lazy", decoding: "async", alt: t("page.maps") });
    map.addEventListener("error", () => map.remove()); // it is gone with its last picture
    return map;
  });
  return el("figure", { class: "maps" }, el("figcaption", { text: t("page.maps") }), shown);
}

// The picture itself, or with `sizes` (how wide it stands on the page) copies of it, of which the browser takes one.
export function framed(one, words, sizes = "") {
  const longest = Math.max(one.width, one.height);
  const copies = sizes && longest > COPIES[0] ? COPIES.filter((side, at) => !at || COPIES[at - 1] < longest) : [];
  const at = (side) => `/pictures/${one.id}.png?size=${side === COPIES[0] ? "thumb" : side}`;
  const wide = (side) => Math.round((one.width * Math.min(side, longest)) / longest);
  const picture = el("img", {
    ...(copies.length ? { srcset: copies.map((side) => `${at(side)} ${wide(side)}w`).join(", "), sizes } : {}),
    src: copies.length ? at(copies[copies.length - 1]) : `/pictures/${one.id}.png`,
    loading: "lazy",
    alt: t("page.picture", { text: words }),
    width: String(one.width),
    height: String(one.height),
    decoding: "async",
    class: Math.max(one.width, one.height) <= SMALL ? "small" : "",
  });
  const link =
    one.drawn === false // a file shown as it is, without a recipe to open
      ? el("div", { class: "frame" }, picture)
      : el("a", { class: "frame", href: `#picture/${one.id}`, "aria-label": t("page.picture.open", { text: words }) }, picture);
  link.style.aspectRatio = `${one.width} / ${one.height}`;
  link.style.setProperty("--ratio", one.width / one.height);
  picture.addEventListener("error", () => link.replaceWith(el("div", { class: "frame gone", text: t("page.picture.gone") })));
  return link;
}

// --- words ---

export function understanding(known) {
  const parts = known.parts.map((part) =>
    el("div", { class: `part ${part.name}` }, el("h4", { text: part.label }), el("ul", { class: "tags" }, part.fragments.map(tag))),
  );
  const loras = known.loras.length
    ? el("div", { class: "part loras" }, el("h4", { text: t("page.loras") }), el("ul", { class: "tags" }, known.loras.map((one) => tag({ text: one.name, weight: one.weight, origin: "person", source: "" }))))
    : null;
  const negative = known.negative.length
    ? el("details", { class: "negative" }, el("summary", { text: t("page.negative.count", { count: known.negative.length }) }), el("ul", { class: "tags" }, known.negative.map(tag)))
    : null;
  const changes = known.changes?.length
    ? el(
        "div",
        { class: "part changes" },
        el("h4", { text: t("page.edit.changes") }),
        el("ul", {}, known.changes.map((one) => el("li", { class: one.kind, text: one.text }))),
      )
    : null;
  const findings = known.findings?.length
    ? el("ul", { class: "findings", "aria-label": t("page.findings") }, known.findings.map(finding))
    : null;
  const notes = known.notes.length ? el("ul", { class: "notes" }, known.notes.map((note) => el("li", {}, icon("info"), el("span", { text: note })))) : null;
  return el(
    "section",
    { class: "understood", "aria-label": t("page.understood") },
    el("h3", { text: t("page.understood") }),
    known.text ? el("blockquote", { text: known.text }) : null,
    known.raw ? el("p", { class: "quiet", text: t("page.understood.raw") }) : null,
    changes,
    parts,
    loras,
    negative,
    findings,
    notes,
  );
}

// What the doctor found; one tap brings the text put right to the input.
function finding(one) {
  const fix = one.fix
    ? button(t("page.fix"), {
        shape: "check",
        kind: "fix",
        title: t("page.fix.text", { text: one.put_right }),
        onclick: () => dispatchEvent(new CustomEvent("fill", { detail: one.fix })),
      })
    : null;
  return el("li", { class: `is-${one.severity}` }, icon(one.severity === "hint" ? "info" : "alert"), el("span", { text: one.text }), fix);
}

// "橘猫 → orange cat ×1.2": what was written, what will be drawn, how strongly, and who said so.
function tag(one) {
  const foreign = one.source && one.source.toLowerCase() !== one.text.toLowerCase();
  const strong = one.weight !== 1;
  return el(
    "li",
    { class: `tag ${one.origin} ${one.weight > 1 ? "up" : one.weight < 1 ? "down" : ""}` },
    foreign ? el("span", { class: "source", text: one.source }) : null,
    el("span", { class: "english", text: one.text, lang: "en" }),
    strong ? el("b", { text: `×${Number(one.weight.toFixed(2))}`, "aria-label": t("page.weight", { weight: one.weight }) }) : null,
    one.origin_label && one.origin !== "person" ? el("small", { text: one.origin_label }) : null,
  );
}

function attached(file) {
  return el("a", { class: "button", href: file.address, download: file.name }, icon("download"), el("span", { text: t("page.download") }));
}

// A line that tells of another picture leads there.
export function linked(line) {
  return line.picture ? el("a", { href: `#picture/${line.picture}`, text: line.value }) : el("span", { text: line.value });
}

function lines(fields) {
  return el("dl", { class: "fields" }, fields.flatMap((line) => [el("dt", { text: line.label }), el("dd", {}, linked(line))]));
}

// --- what is chosen from lists ---

function selects(rows, message) {
  return el("div", { class: "selects" }, rows.map((one) => select(one, message)));
}

function select(one, message) {
  const options = one.choices.map((choice) => el("option", { value: choice.value, text: choice.label, selected: choice.value === one.chosen }));
  const choose = async (event) => {
    try {
      await press("set", one.target, { value: event.target.value }, message);
      if (one.target === "language") dispatchEvent(new CustomEvent("language", { detail: event.target.value }));
    } catch (failure) {
      complain(failure);
    }
  };
  return el("label", {}, el("span", { text: one.label }), el("select", { onchange: choose }, options));
}

// --- buttons ---

export function toolbar(buttons, pictures, words, bare = false) {
  const nodes = buttons.map((one) => {
    const node = button(one.label, {
      shape: one.more ? null : one.action,
      bare: bare && !WORDED.includes(one.action),
      kind: `${one.danger ? "risky" : ""} ${one.action}`,
      onclick: async () => {
        // Not `disabled`: that would take the focus away from whoever presses with a key.
        if (node.ariaBusy === "true") return;
        node.ariaBusy = "true";
        try {
          await act(one, words, press);
          turn(node, one);
        } catch (failure) {
          complain(failure);
        } finally {
          node.ariaBusy = null;
        }
      },
    });
    node.dataset.action = one.action;
    if (one.on) node.ariaPressed = "true";
    return node;
  });
  const row = nodes.filter((node, at) => !buttons[at].more);
  const seldom = nodes.filter((node, at) => buttons[at].more);
  if (pictures.length === 1) {
    const file = download(pictures[0].id, bare);
    if (seldom.length) seldom.unshift(file);
    else row.push(file);
  }
  if (seldom.length) row.push(...more(seldom));
  return el("div", { class: `toolbar ${bare ? "tight" : ""}`, role: "group", "aria-label": t("page.picture.actions") }, row);
}

// A LoRA that is in all one's pictures now, or in none: the button says so at once.
const TURNED = { with_lora: "without_lora", without_lora: "with_lora" };

function turn(node, one) {
  if (!TURNED[one.action]) return;
  one.action = TURNED[one.action];
  one.on = !one.on;
  node.dataset.action = one.action;
  node.querySelector(".icon").replaceWith(icon(one.action));
  node.ariaPressed = String(one.on);
  node.querySelector("span").textContent = t(`button.${one.action}`);
}

// What is wanted now and then: one button, in whose place the others come.
function more(nodes) {
  nodes.forEach((node) => (node.hidden = true));
  const node = button(t("page.more"), {
    shape: "plus",
    kind: "more",
    onclick: () => {
      nodes.forEach((one) => (one.hidden = false));
      nodes[0].focus();
      node.remove();
    },
  });
  return [node, ...nodes];
}

function download(id, bare) {
  const label = t("page.download");
  const words = bare ? { "aria-label": label, title: label } : {};
  return el(
    "a",
    { class: `button ${bare ? "bare" : ""}`, href: `/pictures/${id}.png`, download: `danqing-${id}.png`, ...words },
    icon("download"),
    bare ? null : el("span", { text: label }),
  );
}
