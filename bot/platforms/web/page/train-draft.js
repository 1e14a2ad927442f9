// A training before it starts: its pictures with their tags, what is to be learnt and how, the consent, the start.

import { patch, post, remove } from "./api.js";
import { complain, confirm, toast } from "./dialogs.js";
import { announce, button, el, icon } from "./dom.js";
import { pictureGrid } from "./train-pictures.js";
import { ACCEPT, parcels, send } from "./train-upload.js";
import { duration, t } from "./words.js";

const COMMON = 12; // tags that are shown with how many pictures have them
const CHANGES = ["plus", "minus", "rename"];

export function draftForm(first, { put: renew, limit, gone }) {
  const way = `/api/trainings/${first.id}`;
  let now = first;
  let sending = Promise.resolve(); // one parcel after the other, however often somebody chooses files
  let waiting = 0;
  let last = Promise.resolve(); // wishes are sent one after the other
  const pending = new Set();

  // Every change answers with the whole training.
  const change = async (asked) => {
    const told = await asked;
    renew(told);
    return told;
  };
  // What is on its way to the server: whether it was taken is waited for before the start.
  const noted = (changed) => {
    const taken = changed.then(() => true, () => false).finally(() => pending.delete(taken));
    pending.add(taken);
    return changed;
  };
  const wish = (asked) => {
    const changed = noted(last.then(() => change(patch(way, asked))));
    last = changed.catch((failure) => (complain(failure), put(now)));
  };

  // --- pictures ---

  const file = el("input", { type: "file", accept: ACCEPT, multiple: true, hidden: true, onchange: () => (add([...file.files]), (file.value = "")) });
  const progress = el("div", { class: "train-progress", role: "progressbar", "aria-label": t("page.train.sending"), "aria-valuemin": "0", "aria-valuemax": "100", hidden: true }, el("i", {}), el("span", {}));
  const aside = el("ul", { class: "train-aside", role: "status" });
  const choose = button(t("page.train.choose"), { shape: "image", kind: "wide", onclick: () => file.click() });
  const grid = pictureGrid({
    save: (place, text) => noted(change(patch(`${way}/pictures/${place}`, { text }))),
    drop: (one) => noted(change(remove(`${way}/pictures/${one.place}`))).then(() => choose.focus(), complain),
  });
  const notes = el("ul", { class: "train-notes", role: "status" });

  function add(files) {
    const sorted = parcels(files, limit);
    aside.replaceChildren(...sorted.left.map((words) => el("li", { text: words })));
    if (!sorted.parcels.length) return;
    const total = sorted.parcels.flat().reduce((sum, one) => sum + one.size, 0);
    let before = 0;
    const moved = (bytes) => {
      const share = Math.min(100, Math.round((100 * (before + bytes)) / (total || 1)));
      progress.setAttribute("aria-valuenow", String(share));
      progress.firstChild.style.width = `${share}%`;
      progress.lastChild.textContent = share < 100 ? t("page.train.sent", { share }) : t("page.train.checking");
    };
    waiting += 1;
    sending = sending.then(async () => {
      progress.hidden = false;
      moved(0);
      for (const parcel of sorted.parcels) {
        try {
          const told = await send(`${way}/pictures`, parcel, moved);
          aside.append(...told.aside.map((words) => el("li", { text: words })));
          renew(told);
        } catch (failure) {
          aside.append(el("li", { text: failure.message }));
          if (failure.status === 0) break; // no way to the server: the rest would fail alike
        }
        before += parcel.reduce((sum, one) => sum + one.size, 0);
      }
      waiting -= 1;
      progress.hidden = waiting === 0;
      announce(t("page.train.count", { count: now.pictures.length }));
    });
  }

  // --- tags of all ---

  const known = el("datalist", { id: "train-tags" });
  const what = el("select", { "aria-label": t("page.train.change"), onchange: () => aim() }, CHANGES.map((one) => el("option", { value: one, text: t(`page.train.${one}`) })));
  const tag = el("input", { type: "text", maxlength: "200", "aria-label": t("page.train.tag"), placeholder: t("page.train.tag"), list: "train-tags", enterkeyhint: "done" });
  const into = el("input", { type: "text", maxlength: "200", "aria-label": t("page.train.into"), placeholder: t("page.train.into"), enterkeyhint: "done", hidden: true });
  const common = el("div", { class: "train-common", role: "group", "aria-label": t("page.train.common") });
  const read = button(t("page.train.read"), {
    shape: "search",
    onclick: async () => {
      read.ariaBusy = "true";
      read.disabled = true;
      try {
        await change(post(`${way}/read`));
        toast(t("page.train.read.done"));
      } catch (failure) {
        complain(failure);
      }
      read.ariaBusy = null;
      read.disabled = false;
    },
  });
  const tools = el(
    "form",
    {
      class: "train-tools",
      onsubmit: async (event) => {
        event.preventDefault();
        if (!tag.value.trim() || (what.value === "rename" && !into.value.trim())) return (tag.value.trim() ? into : tag).focus();
        try {
          await noted(change(post(`${way}/tags`, { change: what.value, tag: tag.value.trim(), into: into.value.trim() })));
          tag.value = into.value = "";
          tag.focus();
        } catch (failure) {
          complain(failure);
        }
      },
    },
    what,
    tag,
    into,
    button(t("page.train.apply"), { type: "submit", shape: "check" }),
    known,
  );

  function aim(to = what.value) {
    what.value = to;
    into.hidden = to !== "rename";
  }

  // --- what and how ---

  const fields = {};
  const field = (name, input, hint = "") => {
    fields[name] = input;
    input.id = `train-${name}`;
    const note = hint ? el("small", { class: "quiet", id: `train-${name}-hint`, text: hint }) : null;
    if (note) input.setAttribute("aria-describedby", note.id);
    input.addEventListener("change", () => wish({ [name]: input.type !== "number" ? input.value.trim() : input.value === "" ? null : Number(input.value) }));
    return el("div", { class: "train-field" }, el("label", { for: input.id, text: t(`page.train.${name}`) }), input, note);
  };
  const select = (rows) => el("select", {}, rows.map((one) => el("option", { value: one.value, text: one.label })));
  const kinds = el(
    "fieldset",
    { class: "train-kinds" },
    el("legend", { text: t("page.train.kind") }),
    first.choices.kinds.map((one) =>
      el("label", {}, el("input", { type: "radio", name: "train-kind", value: one.value, onchange: () => wish({ kind: one.value }) }), el("span", {}, el("b", { text: one.label }), one.hint ? el("small", { text: one.hint }) : null)),
    ),
  );
  const number = (min, max) => el("input", { type: "number", min: String(min), max: String(max), step: "1", inputmode: "numeric" });
  const steps = number(1, first.choices.most_steps);
  const seen = el("input", { type: "range", min: "5", max: "400", step: "5", "aria-label": t("page.train.views") });
  const estimate = el("output", { class: "train-estimate", for: "train-steps" });
  const usual = button(t("page.train.usual"), { shape: "back", kind: "clear", onclick: () => wish({ steps: null }) });
  seen.addEventListener("input", () => {
    steps.value = String(stepsOf(Number(seen.value)));
    tell();
  });
  seen.addEventListener("change", () => wish({ steps: stepsOf(Number(seen.value)) }));
  steps.addEventListener("input", () => tell());

  const count = () => Math.max(1, now.pictures.length);
  const stepsOf = (views) => Math.min(first.choices.most_steps, Math.max(1, Math.ceil((views * count()) / now.per_step)));

  // While it is being dragged: by as much longer as there are more steps.
  function tell() {
    const asked = Number(steps.value) || now.estimate.steps;
    const views = Math.round((asked * now.per_step) / count());
    const seconds = now.estimate.steps ? (now.estimate.seconds * asked) / now.estimate.steps : 0;
    seen.max = String(Math.max(400, views));
    if (document.activeElement !== seen) seen.value = String(views);
    seen.setAttribute("aria-valuetext", t("page.train.seen", { views }));
    const parts = [t("page.train.seen", { views })];
    if (seconds) parts.push(t("page.train.takes", { time: duration(seconds) }));
    estimate.textContent = parts.join(" · ");
  }

  // --- consent and start ---

  const agreed = el("input", {
    type: "checkbox",
    id: "train-consent",
    onchange: async () => {
      if (!agreed.checked) return;
      try {
        await change(post(`${way}/agree`));
      } catch (failure) {
        agreed.checked = false;
        complain(failure);
      }
    },
  });
  const consentText = el("p", { id: "train-consent-text" });
  const agreeing = el("span", {});
  const consent = el("div", { class: "train-consent", hidden: true }, consentText, el("label", {}, agreed, agreeing));
  agreed.setAttribute("aria-describedby", consentText.id);
  const problem = el("p", { class: "problem", role: "alert" });
  const begin = button(t("page.train.start"), {
    shape: "learn",
    kind: "primary wide",
    onclick: async () => {
      problem.textContent = "";
      begin.ariaBusy = "true";
      try {
        await sending;
        const taken = await Promise.all(pending); // what was refused is looked at again first
        if (taken.every(Boolean)) await change(post(`${way}/start`));
      } catch (failure) {
        problem.textContent = failure.message;
      }
      begin.ariaBusy = null;
    },
  });
  const forget = button(t("page.train.delete"), {
    shape: "trash",
    kind: "risky",
    onclick: async () => {
      if (!(await confirm(t("page.train.delete.title", { name: now.name }), t("page.train.delete.text"), t("page.train.delete")))) return;
      remove(way).then(gone, complain);
    },
  });

  const tagging = el("section", { "aria-label": t("page.train.tags") }, el("h4", { text: t("page.train.tags") }), el("p", { class: "quiet", text: t("page.train.tags.lead") }), el("div", { class: "toolbar" }, read), tools, common);
  const node = el(
    "div",
    { class: "results train-draft" },
    el(
      "section",
      { class: "train-drop", "aria-label": t("page.train.pictures") },
      el("p", { text: t("page.train.pictures.lead", { least: first.choices.least, most: first.choices.most }) }),
      choose,
      el("small", { class: "quiet", text: t("page.train.limit", { limit }) }),
      file,
      progress,
      aside,
    ),
    notes,
    grid.node,
    tagging,
    el(
      "section",
      { class: "train-how", "aria-label": t("page.train.what") },
      el("h4", { text: t("page.train.what") }),
      field("trigger", el("input", { type: "text", maxlength: "40", autocapitalize: "none", spellcheck: "false" }), t("page.train.trigger.hint")),
      kinds,
      field("model", select(first.choices.models)),
      el("div", { class: "train-length" }, field("steps", steps), seen, estimate, usual),
      el(
        "details",
        {},
        el("summary", { text: t("page.train.more") }),
        el(
          "div",
          {},
          field("preset", select(first.choices.presets), t("page.train.preset.hint")),
          field("keep", el("input", { type: "text", maxlength: "200", placeholder: t("page.train.keep.example") }), t("page.train.keep.hint")),
          field("rank", number(1, 256), t("page.train.rank.hint")),
          field("seed", number(0, 4294967295), t("page.train.seed.hint")),
        ),
      ),
    ),
    el("section", { class: "train-start" }, consent, problem, begin, forget),
  );

  function put(training) {
    now = training;
    grid.put(training.pictures);
    notes.replaceChildren(...training.notes.map((words) => el("li", {}, icon("info"), el("span", { text: words }))));
    const there = training.pictures.length > 0;
    tagging.hidden = !there;
    const counts = new Map();
    for (const one of training.pictures) for (const each of one.tags) counts.set(each.tag, { ...each, count: (counts.get(each.tag)?.count ?? 0) + 1 });
    const rows = [...counts.values()].sort((one, other) => other.count - one.count);
    known.replaceChildren(...rows.map((one) => el("option", { value: one.first, label: one.second })));
    common.replaceChildren(
      ...rows.slice(0, COMMON).map((one) =>
        el(
          "button",
          { type: "button", class: "tag", "aria-label": t("page.train.common.one", { tag: one.first, count: one.count, all: training.pictures.length }), onclick: () => (aim(what.value === "plus" ? "minus" : what.value), (tag.value = one.first), (what.value === "rename" ? into : tag).focus()) },
          el("b", { text: one.first }),
          one.second ? el("small", { text: one.second }) : null,
          el("em", { text: `${one.count}/${training.pictures.length}` }),
        ),
      ),
    );
    for (const [name, input] of Object.entries(fields)) if (document.activeElement !== input) input.value = String(training[name] ?? "");
    if (document.activeElement !== steps) steps.value = String(training.estimate.steps || "");
    for (const one of kinds.querySelectorAll("input")) one.checked = one.value === training.kind;
    usual.hidden = !training.steps_said;
    tell();
    consent.hidden = !training.consent.needed;
    consentText.textContent = training.consent.text;
    agreeing.textContent = training.consent.given || t("page.train.consent");
    agreed.checked = agreed.disabled = Boolean(training.consent.given);
  }

  put(first);
  return { node, put, add };
}
