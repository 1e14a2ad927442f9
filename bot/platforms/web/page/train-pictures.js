// The pictures of a training: each with what will be cut off, what is wrong with it, and its tags in two languages.

import { button, el, icon } from "./dom.js";
import { t } from "./words.js";

// `save(place, text)` and `drop(one)` may fail; without them nothing can be changed.
export function pictureGrid({ save = null, drop = null } = {}) {
  const node = el("ul", { class: "train-pictures", "aria-label": t("page.train.pictures") });
  let shown = new Map(); // by what makes a cell another one

  function put(pictures) {
    const cells = new Map();
    for (const one of pictures) {
      const sign = JSON.stringify(one);
      cells.set(`${one.place}`, shown.get(`${one.place}`)?.keeps(sign) ?? cell(one, sign));
    }
    const there = new Set([...cells.values()].map((each) => each.node));
    for (const old of [...node.children]) if (!there.has(old)) old.remove();
    let before = node.firstChild; // one that stays is not touched: somebody may be writing in it
    for (const each of there) {
      if (each === before) before = before.nextSibling;
      else node.insertBefore(each, before);
    }
    shown = cells;
  }

  function cell(one, sign) {
    const number = one.place; // as a chat calls it
    const crop = el("i", { class: "crop" });
    const [left, top, width, height] = one.crop;
    Object.assign(crop.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` });
    const whole = width > 0.995 && height > 0.995;
    const picture = el("img", { src: one.thumb, alt: t("page.train.picture", { number }), loading: "lazy", decoding: "async" });
    const frame = el("div", { class: "train-frame" }, picture, whole ? null : crop, el("b", { class: "count", text: String(number) }));
    frame.style.aspectRatio = `${one.width} / ${one.height}`;
    const remove = drop ? button(t("page.train.remove", { number }), { shape: "trash", bare: true, kind: "risky", onclick: () => drop(one) }) : null;
    const flags = one.flags.length ? el("ul", { class: "train-flags" }, one.flags.map((flag) => el("li", {}, icon("alert"), el("span", { text: flag })))) : null;
    const words = el("div", { class: "train-words" });
    let writing = false; // what is being written stays, whatever becomes of the rest
    read();

    function read() {
      const tags = one.tags.length ? tagList(one.tags) : el("span", { class: "quiet", text: t("page.train.untagged") });
      const said = one.tags.map((tag) => tag.first).join(", ") || t("page.train.untagged");
      words.replaceChildren(
        save ? el("button", { type: "button", class: "train-said", "aria-label": t("page.train.edit", { number, tags: said }), onclick: write }, tags, icon("edit")) : el("div", { class: "train-said" }, tags),
      );
    }

    function write() {
      const area = el("textarea", { rows: 4, maxlength: "4000", "aria-label": t("page.train.tags_of", { number }), placeholder: t("page.train.tags.hint"), enterkeyhint: "done" });
      const problem = el("p", { class: "problem", role: "alert", hidden: true });
      area.value = one.text;
      let ended = false;
      const end = async (kept) => {
        if (ended) return;
        ended = true;
        writing = false;
        if (kept && area.value.trim() !== one.text.trim()) {
          words.ariaBusy = "true";
          try {
            await save(one.place, area.value.trim());
          } catch (failure) {
            ended = false; // what was written stays
            writing = true;
            problem.textContent = failure.message;
            problem.hidden = false;
            return;
          } finally {
            words.ariaBusy = null;
          }
          return;
        }
        read();
      };
      area.addEventListener("keydown", async (event) => {
        if (event.isComposing || event.keyCode === 229) return;
        if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation(); // the panel stays open
          await end(event.key === "Enter");
          shown.get(`${one.place}`)?.node.querySelector("button.train-said")?.focus();
        }
      });
      area.addEventListener("blur", () => end(true));
      writing = true;
      words.replaceChildren(area, problem);
      area.focus();
    }

    const made = {
      node: el("li", { class: one.flags.length ? "flagged" : "", "data-place": String(one.place) }, frame, remove, flags, words),
      keeps: (other) => (writing || other === sign ? made : null),
    };
    return made;
  }

  return { node, put };
}

function tagList(tags) {
  return el("span", { class: "train-tags" }, tags.map((tag) => el("span", { class: "tag" }, el("b", { text: tag.first }), tag.second ? el("small", { text: tag.second }) : null)));
}
