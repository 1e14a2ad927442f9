// What a button does before or instead of asking the server.

import { get, patch } from "./api.js";
import { askName, askToFill, confirm, toast } from "./dialogs.js";
import { t } from "./words.js";

export async function act(one, words, press) {
  if (one.action === "recipe") {
    location.hash = `#picture/${one.target}`;
    return;
  }
  if (["favourite", "unfavourite"].includes(one.action)) {
    await press(one.action, one.target);
    dispatchEvent(new CustomEvent("favourites"));
    return;
  }
  if (one.action === "rename") {
    askName(t("page.favourites.rename"), t("page.favourites.name"), words.slice(0, 40), (name) => rename(one.target, name));
    return;
  }
  if (one.action === "correct") {
    const keep = (pair) => press(one.action, one.target, { pair });
    askName(t("button.correct"), t("page.correct.label"), one.written ?? "", keep, { longest: 240, hint: t("page.correct.example") });
    return;
  }
  if (one.action === "paint_over") {
    const draw = (prompt) => press(one.action, one.target, { prompt });
    const more = { yes: t("page.edit.draw"), longest: 1000, hint: t("page.paint_over.example") };
    askName(t("button.paint_over"), t("page.paint_over.label"), "", draw, more);
    return;
  }
  if (one.action === "same_shape") {
    const draw = (prompt) => press(one.action, one.target, { prompt });
    const more = { yes: t("page.edit.draw"), longest: 1000, hint: t("page.same_shape.example") };
    askName(t("button.same_shape"), t("page.same_shape.label"), "", draw, more);
    return;
  }
  if (one.action === "use") {
    const { favourites } = await get("/api/favourites");
    const kept = favourites.find((each) => each.id === one.target);
    if (kept?.placeholders.length) {
      askToFill(kept, (values) => press(one.action, one.target, values));
      return;
    }
  }
  if (one.action === "edit") {
    const draw = async (sentence) => {
      await press(one.action, one.target, { sentence });
      dispatchEvent(new CustomEvent("pressed", { detail: one }));
    };
    const more = { yes: t("page.edit.draw"), longest: 1000, hint: t("page.edit.example") };
    askName(t("page.edit.title"), t("page.edit.label"), "", draw, more);
    return;
  }
  if (one.danger) {
    const title = one.action === "delete" ? t("page.confirm.delete") : t("page.confirm.other");
    const text = one.action === "delete" ? t("page.confirm.delete.text") : one.label;
    if (!(await confirm(title, text, one.label))) return;
  }
  await press(one.action, one.target, {}, one.message);
  dispatchEvent(new CustomEvent("pressed", { detail: one }));
}

// By the favourites' own road, which tells at once when the name is taken.
async function rename(picture, name) {
  await patch(`/api/favourites/${picture}`, { name });
  toast(t("page.favourites.renamed", { name }));
  dispatchEvent(new CustomEvent("favourites"));
}
