// Questions to the person, and passing notices.

import { $, button, el, icon } from "./dom.js";
import { t } from "./words.js";

export function toast(words, kind = "") {
  const note = el("div", { class: `toast ${kind}` }, icon(kind === "error" ? "alert" : "check"), el("span", { text: words }));
  $("toasts").append(note);
  setTimeout(() => note.classList.add("leaving"), kind === "error" ? 7000 : 3500);
  setTimeout(() => note.remove(), kind === "error" ? 7400 : 3900);
}

export const complain = (failure) => toast(failure.message, "error");

// A native dialog brings the focus trap, Esc, and the way back to what had the focus.
export function show(name, title, ...children) {
  const id = `title-${name}`;
  const dialog = el(
    "dialog",
    { class: name, "aria-labelledby": id },
    el(
      "header",
      {},
      el("h2", { id, text: title }),
      button(t("page.close"), { shape: "cancel", bare: true, onclick: () => dialog.close() }),
    ),
    ...children,
  );
  // A click beside it closes it; what was drawn to its edge and let go there does not, nor a click between its parts.
  const beside = (event) => {
    const box = dialog.getBoundingClientRect();
    const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    return event.target === dialog && !within;
  };
  let pressed = false;
  dialog.addEventListener("pointerdown", (event) => (pressed = beside(event)));
  dialog.addEventListener("click", (event) => pressed && beside(event) && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function confirm(title, words, yes) {
  return new Promise((resolve) => {
    let answer = false;
    const decide = (value) => () => {
      answer = value;
      dialog.close();
    };
    const dialog = show(
      "ask",
      title,
      el("p", { text: words }),
      el(
        "footer",
        {},
        button(t("page.cancel"), { onclick: decide(false), autofocus: true }),
        button(yes, { kind: "danger", onclick: decide(true) }),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer));
    dialog.querySelector("footer button").focus();
  });
}

// Asks for a name, or other words, until `act(name)` succeeds; its refusal is shown beside the input.
export function askName(title, label, value, act, { yes = t("page.save"), longest = 80, hint = "" } = {}) {
  const input = el("input", { id: "ask-name", type: "text", maxlength: String(longest), required: true, value, placeholder: hint });
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el(
    "form",
    { method: "dialog" },
    el("label", { for: "ask-name", text: label }),
    input,
    problem,
    el(
      "footer",
      {},
      button(t("page.cancel"), { onclick: () => dialog.close() }),
      button(yes, { kind: "primary", type: "submit" }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (!name) return;
    try {
      await act(name);
      dialog.close();
    } catch (failure) {
      problem.textContent = failure.message;
      input.focus();
    }
  });
  const dialog = show("ask", title, form);
  input.focus();
  input.select();
}

// Asks for what goes into the place-holders of a text; one left empty has its usual words. Calls `act` with the values by
// name, and with the text filled in.
export function askToFill(one, act) {
  const fields = one.placeholders.map((each, at) => {
    const input = el("input", { id: `fill-${at}`, type: "text", maxlength: "400", placeholder: each.usual, required: !each.usual });
    return { each, input };
  });
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el(
    "form",
    { method: "dialog" },
    fields.map(({ each, input }) => [el("label", { for: input.id, text: each.name }), input]).flat(),
    problem,
    el("footer", {}, button(t("page.cancel"), { onclick: () => dialog.close() }), button(t("page.fill.draw"), { kind: "primary", type: "submit" })),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = {};
    let text = one.use;
    for (const { each, input } of fields) {
      const value = input.value.trim() || each.usual;
      values[each.name] = value;
      for (const written of each.written) text = text.replaceAll(written, () => value || written);
    }
    try {
      await act(values, text);
      dialog.close();
    } catch (failure) {
      problem.textContent = failure.message;
    }
  });
  const dialog = show("ask", t("page.fill.title", { name: one.name }), form);
  fields[0].input.focus();
}
