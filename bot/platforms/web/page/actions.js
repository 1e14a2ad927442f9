// What a button does before or instead of asking the server.

import { askName, confirm } from "./dialogs.js";
import { t } from "./words.js";

export async function act(one, words, press) {
  if (one.action === "recipe") {
    location.hash = `#picture/${one.target}`;
    return;
  }
  if (one.action === "favourite") {
    askName(t("page.favourites.name.title"), t("page.favourites.name"), words.slice(0, 40), (name) => keep(one.target, name));
    return;
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

// Saved by the favourites' own road, which tells at once when the name is taken.
async function keep(picture, name) {
  const { post } = await import("./api.js");
  const { toast } = await import("./dialogs.js");
  const saved = await post("/api/favourites", { name, text: "", picture });
  toast(t("page.favourites.saved", { name: saved.name }));
  dispatchEvent(new CustomEvent("favourites"));
}
