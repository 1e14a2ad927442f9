// A training that has begun: where it stands, its curve, the samples of every step beside each other, its file.

import { post, remove } from "./api.js";
import { complain, confirm, toast } from "./dialogs.js";
import { announce, button, el, icon } from "./dom.js";
import { curve } from "./train-curve.js";
import { pictureGrid } from "./train-pictures.js";
import { samples } from "./train-samples.js";
import { stateWords, UNDER_WAY } from "./train-state.js";
import { t } from "./words.js";

// What can be done, in the order of the buttons; those with a question are asked first.
const DONE = [
  { name: "go_on", shape: "again", kind: "primary" },
  { name: "pause", shape: "resting" },
  { name: "stop", shape: "check", asked: true },
  { name: "share", shape: "share", asked: true },
  { name: "unshare", shape: "unshare" },
  { name: "again", shape: "again" },
];

export function courseView(first, { put: renew, use, gone }) {
  const way = `/api/trainings/${first.id}`;
  let now = first;
  const line = el("p", { class: "train-state", role: "status" });
  const reason = el("p", { class: "train-reason", hidden: true });
  const bar = el("div", { class: "train-progress", role: "progressbar", "aria-label": t("page.train.progress"), "aria-valuemin": "0" }, el("i", {}));
  const tools = el("div", { class: "toolbar train-does" });
  const result = el("section", { class: "train-result", hidden: true, "aria-label": t("page.train.result") });
  const graph = curve();
  const shown = samples({ choose });
  const grid = pictureGrid();
  const pictures = el("details", { class: "train-seen" }, el("summary", { text: t("page.train.pictures") }), grid.node);
  const node = el("div", { class: "results train-course" }, line, bar, reason, result, tools, shown.node, graph.node, pictures);
  let buttons = "";

  async function does(name, body = {}) {
    try {
      const told = await post(`${way}/${name}`, body);
      if (told.id === now.id) renew(told);
      else location.hash = `#train/${told.id}`; // a new draft of the old one
    } catch (failure) {
      complain(failure);
    }
  }

  async function asked(name, values = {}) {
    return confirm(t(`page.train.${name}.title`, { name: now.name, ...values }), t(`page.train.${name}.text`, values), t(`page.train.${name}`, values));
  }

  async function choose(step) {
    if (!(await asked("keep_step", { step }))) return;
    await does("choose", { step });
    toast(t("page.train.chosen", { step }));
  }

  async function forget() {
    if (await asked("delete")) remove(way).then(gone, complain);
  }

  // Only where there are others: somebody may be about to press one.
  function toolbar() {
    const sign = JSON.stringify([now.can, now.file]);
    if (sign === buttons) return;
    buttons = sign;
    const focused = tools.contains(document.activeElement);
    tools.replaceChildren(
      ...DONE.filter((one) => now.can.includes(one.name)).map((one) =>
        button(t(`page.train.${one.name}`), { shape: one.shape, kind: one.kind ?? "", onclick: async () => (!one.asked || (await asked(one.name))) && does(one.name) }),
      ),
      ...(now.file ? [el("a", { class: "button", href: `/trainings/${now.id}/file`, download: `${now.name}.safetensors` }, icon("download"), el("span", { text: t("page.train.download") }))] : []),
      button(t("page.train.delete"), { shape: "trash", kind: "risky", onclick: forget }),
    );
    if (focused) tools.querySelector("button, a")?.focus();
  }

  function told(news) {
    const words = stateWords(news);
    line.textContent = words;
    line.className = `train-state ${news.state}`;
    bar.hidden = !UNDER_WAY.includes(news.state);
    bar.setAttribute("aria-valuemax", String(news.steps || 1));
    bar.setAttribute("aria-valuenow", String(news.step));
    bar.firstChild.style.width = `${news.steps ? (100 * news.step) / news.steps : 0}%`;
    graph.put(news.curve, news.steps);
  }

  function put(training) {
    if (now.state !== training.state) announce(t(`page.train.state.${training.state}`));
    now = training;
    told(training);
    reason.textContent = training.reason;
    reason.hidden = !training.reason;
    toolbar();
    shown.put(training.samples, training.chosen, training.can.includes("choose") ? training.files : []);
    graph.mark(training.samples.map((one) => one.step));
    grid.put(training.pictures);
    pictures.querySelector("summary").textContent = t("page.train.count", { count: training.pictures.length });
    result.hidden = !training.file;
    if (training.file) {
      result.replaceChildren(
        training.preview ? el("img", { src: training.preview, alt: t("page.train.preview", { name: training.name }) }) : "",
        el("div", {}, el("code", { text: training.use }), button(t("page.train.draw"), { shape: "brush", kind: "primary", onclick: () => use(training.use) }), el("div", { class: "toolbar" }, ...training.tries.map((one) => button(one.label, { kind: "quiet", onclick: () => use(one.text) }))), el("p", { class: "quiet", text: t(training.shared ? "page.train.shared" : "page.train.private") })),
      );
    }
  }

  put(first);
  // Whether the news could be shown alone: where there is more to see, all of it is asked for.
  const heard = (news) => {
    if (news.state !== now.state || news.sampled !== now.sampled || news.shared !== now.shared) return false;
    Object.assign(now, news);
    told(now);
    return true;
  };
  return { node, put, heard };
}
