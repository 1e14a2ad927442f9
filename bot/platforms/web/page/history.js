// The gallery of one's own pictures.

import { get } from "./api.js";
import { complain } from "./dialogs.js";
import { button, el, icon } from "./dom.js";
import { thumb } from "./picture.js";
import { t } from "./words.js";

const TYPING = 250; // milliseconds of rest before a search

// The two ways to look at what was drawn: by pictures, by words.
export function historyTabs(chosen) {
  const tab = (name) => el("a", { class: name === chosen ? "tab chosen" : "tab", href: `#${name}`, "aria-current": name === chosen ? "page" : null, text: t(`page.${name}`) });
  return el("nav", { class: "tabs", "aria-label": t("page.history") }, tab("history"), tab("prompts"));
}

export function historyPanel() {
  let next = "";
  let turn = 0; // an answer to an older question is dropped
  let timer = 0;
  const words = el("input", { type: "search", "aria-label": t("page.history.search"), placeholder: t("page.history.search") });
  const model = el("select", { "aria-label": t("page.history.model") }, el("option", { value: "", text: t("page.history.model.all") }));
  const since = el("input", { type: "date", "aria-label": t("page.history.since") });
  const until = el("input", { type: "date", "aria-label": t("page.history.until") });
  const shape = el("select", { "aria-label": t("page.history.shape") }, ["", "landscape", "portrait", "square"].map((one) => el("option", { value: one, text: t(one ? `shape.${one}` : "page.history.shape.all") })));
  const kept = el("input", { type: "checkbox" });
  const clear = button(t("page.history.clear"), { kind: "plain clear", onclick: () => reset() });
  const grid = el("div", { class: "grid" });
  const note = el("p", { class: "nothing", role: "status", hidden: true });
  const end = el("div", { class: "end" });
  const results = el("div", { class: "results" }, grid, note, end);
  const node = el(
    "div",
    { class: "history" },
    el(
      "div",
      { class: "filters" },
      historyTabs("history"),
      el("label", { class: "search" }, icon("search"), words),
      el("div", { class: "dates" }, model, shape),
      el("div", { class: "dates" }, el("label", {}, el("span", { text: t("page.history.since") }), since), el("label", {}, el("span", { text: t("page.history.until") }), until)),
      el("div", { class: "dates" }, el("label", { class: "check" }, kept, el("span", { text: t("page.history.favourites") })), clear),
    ),
    results,
  );
  const watch = new IntersectionObserver((seen) => seen[0].isIntersecting && next && load(), { rootMargin: "400px" });
  watch.observe(end);
  const filtered = () => Boolean(words.value.trim() || model.value || shape.value || since.value || until.value || kept.checked);
  const again = () => {
    next = "";
    load(true);
  };
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(again, TYPING);
  });
  for (const input of [model, shape, since, until, kept]) input.addEventListener("change", again);

  function reset() {
    words.value = model.value = shape.value = since.value = until.value = "";
    kept.checked = false;
    again();
  }

  async function load(fresh = false) {
    const mine = ++turn;
    const query = new URLSearchParams({ words: words.value.trim(), model: model.value, shape: shape.value });
    if (since.value) query.set("since", new Date(`${since.value}T00:00`).toISOString());
    if (until.value) query.set("until", dayAfter(until.value));
    if (kept.checked) query.set("favourites", "1");
    if (!fresh && next) query.set("cursor", next);
    next = "";
    clear.hidden = !filtered();
    try {
      const page = await get(`/api/history?${query}`);
      if (mine !== turn) return;
      show(page.pictures, fresh);
      next = page.next ?? "";
      choices(model, 1, page.models);
      choices(shape, 4, page.sizes);
      note.hidden = grid.children.length > 0;
      note.textContent = filtered() ? t("page.history.nothing") : t("page.history.empty");
      // Ask again where one page does not fill the view: the observer speaks only when something moves.
      watch.unobserve(end);
      watch.observe(end);
    } catch (failure) {
      if (mine === turn) complain(failure);
    }
  }

  // A thumb that stays is not touched: somebody may be pressing on it.
  function show(pictures, fresh) {
    const there = new Map([...grid.children].map((node) => [node.hash, node]));
    const nodes = pictures.map(thumb).map((node) => there.get(node.hash) ?? node);
    if (fresh) for (const node of there.values()) if (!nodes.includes(node)) node.remove();
    let before = fresh ? grid.firstChild : null;
    for (const node of nodes) {
      if (node === before) before = before.nextSibling;
      else grid.insertBefore(node, before);
    }
  }

  // What can be chosen behind the first `fixed` entries: what there is among the pictures.
  function choices(select, fixed, names) {
    const chosen = select.value;
    if (select.length === names.length + fixed) return;
    select.replaceChildren(...[...select.children].slice(0, fixed), ...names.map((name) => el("option", { value: name, text: name })));
    select.value = chosen;
    if (select.selectedIndex < 0) select.value = "";
  }

  load(true);
  return { title: t("page.history"), node, first: words, refresh: (gently = false) => (gently && results.scrollTop > 200 ? null : again()), close: () => watch.disconnect() };
}

function dayAfter(day) {
  const moment = new Date(`${day}T00:00`);
  moment.setDate(moment.getDate() + 1);
  return moment.toISOString();
}
