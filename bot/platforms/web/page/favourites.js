// Prompts kept under a name.

import { get, patch, remove } from "./api.js";
import { askName, askToFill, complain, confirm, toast } from "./dialogs.js";
import { button, el, icon } from "./dom.js";
import { t } from "./words.js";

export function favouritesPanel({ use, save }) {
  let turn = 0;
  let timer = 0;
  const words = el("input", { type: "search", "aria-label": t("page.favourites.search"), placeholder: t("page.favourites.search") });
  const list = el("ul", { class: "kept" });
  const note = el("p", { class: "nothing", role: "status", hidden: true });
  const node = el(
    "div",
    { class: "favourites" },
    el(
      "div",
      { class: "filters" },
      el("label", { class: "search" }, icon("search"), words),
      button(t("page.favourites.save_input"), { shape: "plus", kind: "wide", onclick: save }),
    ),
    el("div", { class: "results" }, list, note),
  );
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, 250);
  });

  async function load() {
    const mine = ++turn;
    try {
      const { favourites } = await get(`/api/favourites?${new URLSearchParams({ words: words.value.trim() })}`);
      if (mine !== turn) return;
      list.replaceChildren(...favourites.map(row));
      note.hidden = favourites.length > 0;
      note.textContent = words.value.trim() ? t("page.favourites.nothing") : t("page.favourites.empty");
    } catch (failure) {
      complain(failure);
    }
  }

  function row(one) {
    const way = `/api/favourites/${encodeURIComponent(one.id)}`;
    const face = one.picture
      ? el("a", { class: "thumb", href: `#picture/${one.picture}`, "aria-label": t("page.picture.open", { text: one.name }) }, el("img", { src: `/pictures/${one.picture}.png?size=thumb`, alt: "", loading: "lazy" }))
      : el("span", { class: "thumb blank" }, icon("star"));
    return el(
      "li",
      {},
      face,
      el(
        "div",
        { class: "words" },
        el("h3", { text: one.name }),
        el("p", { text: one.text }),
        one.used ? el("small", { class: "quiet", text: t("page.favourites.used", { count: one.used }) }) : null,
      ),
      el(
        "div",
        { class: "toolbar tight" },
        button(t("page.favourites.use"), { shape: "use", kind: "use", onclick: () => take(one, way) }),
        button(t("page.favourites.change"), { shape: "recipe", bare: true, onclick: () => change(one, way) }),
        button(t("page.favourites.rename"), { shape: "edit", bare: true, onclick: () => rename(one, way) }),
        button(t("page.favourites.delete"), { shape: "trash", bare: true, kind: "risky", onclick: () => forget(one, way) }),
      ),
    );
  }

  function take(one, way) {
    const taken = (text) => {
      use(text);
      patch(way, { used: true }).then(load, () => {});
    };
    if (one.placeholders.length) askToFill(one, (values, text) => taken(text));
    else taken(one.use);
  }

  function rename(one, way) {
    askName(t("page.favourites.rename"), t("page.favourites.name"), one.name, async (name) => {
      await patch(way, { name });
      toast(t("page.favourites.renamed", { name }));
      load();
    });
  }

  function change(one, way) {
    const more = { longest: 4000, hint: t("page.favourites.text") };
    askName(t("page.favourites.change"), t("page.favourites.text"), one.text, async (text) => {
      await patch(way, { text });
      toast(t("page.favourites.changed", { name: one.name }));
      load();
    }, more);
  }

  async function forget(one, way) {
    if (!(await confirm(t("page.favourites.delete.title", { name: one.name }), t("page.favourites.delete.text"), t("page.favourites.delete")))) return;
    try {
      await remove(way);
      toast(t("page.favourites.deleted", { name: one.name }));
    } catch (failure) {
      complain(failure);
    }
    load();
    words.focus();
  }

  load();
  return { title: t("page.favourites"), node, first: words, refresh: load, close: () => {} };
}
