// Teaching a LoRA: one's own trainings (#train), and the one that is looked at (#train/ID).

import { get, newKey, post } from "./api.js";
import { askName, complain } from "./dialogs.js";
import { button, el, icon } from "./dom.js";
import { courseView } from "./train-course.js";
import { draftForm } from "./train-draft.js";
import { stateWords, UNDER_WAY } from "./train-state.js";
import { t } from "./words.js";

const SOON = 200; // milliseconds: several changes at once are asked for once

export function trainPanel({ use, limit }) {
  let open = ""; // the training that is looked at, "" for the list
  let view = null;
  let turn = 0; // an answer to an older question is dropped
  let dropped = null; // files for the training that is made next
  let rows = new Map(); // of the list, by id
  let asking = 0;
  const begin = button(t("page.train.new"), { shape: "plus", kind: "primary wide", onclick: () => create() });
  const node = el("div", { class: "train" });
  draggable();

  // --- the list ---

  async function list() {
    const mine = ++turn;
    const items = el("ul", { class: "trainings" });
    const note = el("p", { class: "nothing", role: "status" });
    const had = node.contains(document.activeElement);
    const there = node.contains(begin);
    view = null;
    // What is there already stays until the rest has come.
    if (!there) node.replaceChildren(el("div", { class: "filters" }, begin, el("p", { class: "quiet", text: t("page.train.lead") })), el("div", { class: "results" }));
    if (had && !there) begin.focus();
    let told;
    try {
      told = await get("/api/trainings");
    } catch (failure) {
      return complain(failure);
    }
    if (mine !== turn || open) return;
    rows = new Map(told.trainings.map((one) => [one.id, row(one)]));
    items.replaceChildren(...[...rows.values()].map((one) => one.node));
    note.textContent = rows.size ? "" : t("page.train.empty");
    const at = document.activeElement?.getAttribute("href");
    const focused = node.contains(document.activeElement);
    node.lastChild.replaceChildren(items, rows.size ? "" : note);
    if (focused && at) [...items.querySelectorAll("a")].find((one) => one.getAttribute("href") === at)?.focus();
  }

  function row(one) {
    const face = one.preview ? el("img", { src: one.preview, alt: "", loading: "lazy" }) : icon("learn");
    const state = el("span", { class: "train-state" });
    const bar = el("i", { class: "bar" });
    const put = (news) => {
      state.className = `train-state ${news.state}`;
      state.textContent = stateWords(news);
      bar.hidden = !UNDER_WAY.includes(news.state) || !news.steps;
      bar.style.setProperty("--done", `${news.steps ? (100 * news.step) / news.steps : 0}%`);
    };
    put(one);
    const words = el("span", { class: "words" }, el("b", { text: one.name }), state, bar);
    return { put, node: el("li", {}, el("a", { class: "training", href: `#train/${one.id}` }, el("span", { class: "thumb" }, face), words)) };
  }

  function create(files = null) {
    const key = newKey(); // asked twice, it is made once
    askName(
      t("page.train.new"),
      t("page.train.name"),
      "",
      async (name) => {
        const made = await post("/api/trainings", { name, key });
        dropped = files;
        location.hash = `#train/${made.id}`;
      },
      { yes: t("page.train.make"), hint: t("page.train.name.hint") },
    );
  }

  // --- one of them ---

  async function show() {
    const mine = ++turn;
    const id = open;
    let training;
    try {
      training = await get(`/api/trainings/${id}`);
    } catch (failure) {
      if (mine !== turn) return;
      complain(failure);
      location.hash = "#train";
      return;
    }
    if (mine !== turn || open !== id) return;
    put(training);
  }

  // The view is made anew only where it is another one: what is being written stays.
  function put(training) {
    if (training.id !== open) return; // an upload or a change is answered after its training was left
    const kind = training.state === "draft" ? "draft" : "course";
    if (view?.id === training.id && view.kind === kind) return view.put(training);
    const had = node.contains(document.activeElement) && document.activeElement !== document.body;
    const tools = { put, use, limit, gone: () => (location.hash = "#train") };
    view = { id: training.id, kind, ...(kind === "draft" ? draftForm : courseView)(training, tools) };
    const back = el("a", { class: "button bare", href: "#train", "aria-label": t("page.train.back"), title: t("page.train.back") }, icon("back"));
    node.replaceChildren(el("div", { class: "train-head" }, back, el("h3", { tabindex: "-1", text: training.name })), view.node);
    if (had) node.querySelector("h3").focus();
    if (dropped && view.add) view.add(dropped);
    dropped = null;
  }

  // --- files dragged in from the desk ---

  function draggable() {
    let depth = 0;
    const files = (event) => event.dataTransfer?.types.includes("Files");
    const drag = (step) => (event) => {
      if (!files(event)) return;
      event.preventDefault();
      event.stopPropagation(); // they are not for the conversation
      depth = Math.max(0, depth + step);
      node.classList.toggle("dropping", depth > 0);
    };
    node.dataset.drop = t("page.train.drop");
    node.addEventListener("dragenter", drag(1));
    node.addEventListener("dragleave", drag(-1));
    node.addEventListener("dragover", drag(0));
    node.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      event.stopPropagation();
      depth = 0;
      node.classList.remove("dropping");
      const given = [...event.dataTransfer.files];
      if (view?.add) view.add(given);
      else if (!open) create(given);
    });
  }

  function go(id) {
    open = id;
    if (id) show();
    else list();
  }

  // What the stream tells: where one of them stands.
  function heard(news) {
    if (!open) {
      const known = rows.get(news.id);
      if (known) known.put(news);
      else list();
    } else if (news.id === open) {
      if (view?.id === news.id && view.heard?.(news)) return;
      clearTimeout(asking);
      asking = setTimeout(show, SOON);
    }
  }

  function close() {
    turn += 1;
    clearTimeout(asking);
  }

  return { title: t("page.train"), node, first: begin, go, heard, at: () => (open ? `train/${open}` : "train"), refresh: () => go(open), close };
}
