// What one drew by its words: each prompt once, with its newest picture.

import { get } from "./api.js";
import { complain } from "./dialogs.js";
import { button, el, icon } from "./dom.js";
import { historyTabs } from "./history.js";
import { t, when } from "./words.js";

export function promptsPanel({ use }) {
  let next = "";
  let turn = 0;
  let timer = 0;
  const words = el("input", { type: "search", "aria-label": t("page.prompts.search"), placeholder: t("page.prompts.search") });
  const kept = el("input", { type: "checkbox" });
  const list = el("ul", { class: "kept" });
  const note = el("p", { class: "nothing", role: "status", hidden: true });
  const more = button(t("page.earlier"), { onclick: () => load() });
  more.hidden = true;
  const node = el(
    "div",
    { class: "prompts" },
    el(
      "div",
      { class: "filters" },
      historyTabs("prompts"),
      el("label", { class: "search" }, icon("search"), words),
      el("div", { class: "dates" }, el("label", { class: "check" }, kept, el("span", { text: t("page.history.favourites") }))),
    ),
    el("div", { class: "results" }, list, note, more),
  );
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => load(true), 250);
  });
  kept.addEventListener("change", () => load(true));

  async function load(fresh = false) {
    const mine = ++turn;
    const query = new URLSearchParams({ words: words.value.trim() });
    if (kept.checked) query.set("favourites", "1");
    if (!fresh && next) query.set("cursor", next);
    try {
      const page = await get(`/api/prompts?${query}`);
      if (mine !== turn) return;
      const rows = page.prompts.map(row);
      if (fresh) list.replaceChildren(...rows);
      else list.append(...rows);
      next = page.next ?? "";
      more.hidden = !next;
      note.hidden = list.children.length > 0;
      note.textContent = words.value.trim() || kept.checked ? t("page.history.nothing") : t("page.history.empty");
    } catch (failure) {
      if (mine === turn) complain(failure);
    }
  }

  function row(one) {
    const open = { class: "thumb", href: `#picture/${one.picture}`, "aria-label": t("page.picture.open", { text: one.text }) };
    return el(
      "li",
      {},
      el("a", open, el("img", { src: `/pictures/${one.picture}.png?size=thumb`, alt: "", loading: "lazy" })),
      el(
        "div",
        { class: "words" },
        el("p", { text: one.text }),
        el("small", { class: "quiet", text: t("page.prompts.drawn", { count: one.count, when: when(one.created) }) + (one.favourite ? " ★" : "") }),
      ),
      el("div", { class: "toolbar tight" }, button(t("page.prompts.use"), { shape: "use", kind: "use", onclick: () => use(one.use) })),
    );
  }

  load(true);
  return { title: t("page.prompts"), node, first: words, refresh: () => load(true), close: () => {} };
}
