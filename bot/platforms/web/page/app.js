// Puts the page together: words, header, panels by address (#history, #prompts, #favourites, #train, #train/…, #picture/…), the stream.

import { Stream, get, post } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { complain, toast } from "./dialogs.js";
import { $, button, el, icon, narrow } from "./dom.js";
import { favouritesPanel } from "./favourites.js";
import { historyPanel } from "./history.js";
import { closePicture, showPicture } from "./picture.js";
import { promptsPanel } from "./prompts.js";
import { trainPanel } from "./train.js";
import { learn, t } from "./words.js";

const PANELS = { history: historyPanel, prompts: promptsPanel, favourites: favouritesPanel, train: trainPanel };
const OPENERS = { history: "open-history", prompts: "open-history", favourites: "open-favourites", train: "open-train" }; // two panels may have one
let hello, chat, composer, stream, panel;
let panelName = "";
let status = {};

async function start() {
  hello = await get("/api/hello");
  learn(hello);
  label();
  $("languages").addEventListener("change", () => speak($("languages").value));
  if (!hello.signed_in) return signIn();
  chat = new Chat((words) => {
    composer.fill(words);
    composer.submit();
  });
  composer = new Composer(hello, (...said) => chat.send(...said), (name) => (location.hash = `#${name}`));
  $("open-train").hidden = !hello.training;
  for (const name of ["history", "favourites", "train"]) $(OPENERS[name]).addEventListener("click", () => toggle(name));
  $("logout").hidden = !hello.password;
  $("logout").addEventListener("click", () => post("/logout").then(() => location.reload(), complain));
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    composer.input.focus();
  });
  addEventListener("hashchange", route);
  addEventListener("language", (event) => speak(event.detail));
  addEventListener("fill", (event) => {
    closePicture();
    bring(() => composer.fill(event.detail));
  });
  addEventListener("favourites", () => panelName === "favourites" && panel.refresh());
  addEventListener("pressed", () => narrow.matches && closePanel());
  addEventListener("keydown", shortcuts);
  narrow.addEventListener("change", () => ($("talk").inert = Boolean(panel) && narrow.matches));
  showStatus(hello.status);
  const changed = await chat.load(status);
  stream = new Stream(changed, heard, connection);
  route();
  if (!narrow.matches && !panel) composer.input.focus();
}

// --- words of the frame ---

function label() {
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.label);
  }
  for (const node of document.querySelectorAll("[data-icon]")) {
    const words = node.dataset.words ? el("span", { text: t(node.dataset.words) }) : "";
    node.replaceChildren(icon(node.dataset.icon), words);
  }
  $("languages").replaceChildren(
    ...Object.entries(hello.languages).map(([code, name]) => el("option", { value: code, text: name, lang: code })),
  );
  $("languages").value = hello.language;
}

// Everything is said again in the other language; what stands in the input stays.
async function speak(code) {
  if (code === hello.language) return;
  try {
    await post("/api/language", { language: code });
    if (!hello.signed_in) return location.reload();
    hello = await get("/api/hello");
    learn(hello);
    label();
    composer.hello = hello;
    composer.build();
    showStatus(hello.status);
    if (panel) openPanel(panelName);
    chat.top = el("div", { class: "earlier" }, button(t("page.earlier"), { onclick: () => chat.older() }));
    stream.since = await chat.load(status);
    stream.open();
  } catch (failure) {
    $("languages").value = hello.language;
    complain(failure);
  }
}

// --- the stream ---

function heard(kind, event) {
  if (kind === "message") {
    chat.put(event);
    if (event.state === "done" && panelName === "history") panel.refresh(true);
  } else if (kind === "notice") {
    toast(event.text, event.kind);
    if (panelName) panel.refresh();
  } else if (kind === "training") panel?.heard?.(event);
  else if (kind === "status") showStatus(event);
}

let late = 0;
let lost = false;

function connection(there) {
  clearTimeout(late);
  if (there) {
    if (!$("banner").hidden) toast(t("page.online"));
    if (lost) panel?.heard && panel.refresh(); // what it told meanwhile is not told again
    lost = false;
    $("banner").hidden = true;
    showStatus(status);
    return;
  }
  lost = true;
  // A moment's loss is not worth a word.
  late = setTimeout(() => {
    $("banner").textContent = t("page.offline");
    $("banner").hidden = false;
    $("status").className = "chip away";
    $("status").lastChild.textContent = t("page.status.away");
  }, 1200);
}

function showStatus(known) {
  status = known;
  const chip = $("status");
  chip.hidden = false;
  chip.className = `chip ${known.ready ? "ready" : "loading"}`;
  const words = { device: known.device ?? "", model: known.model ?? "" };
  const short = known.tier && known.tier !== "all";
  const away = known.elsewhere && !known.hosts.length;
  const state = known.ready ? (short ? "small" : "ready") : away ? "no_host" : "loading";
  chip.lastChild.textContent = t(`page.status.${state}`, words);
  const hint = t(known.ready ? "page.status.ready_hint" : away ? "page.status.no_host_hint" : "page.status.loading_hint", words);
  const hosts = (known.hosts ?? []).map((one) => t("page.status.host", one));
  chip.title = [hint, known.ready && known.tier ? t(`page.tier.${known.tier}`) : "", ...hosts].filter(Boolean).join("\n");
  chat?.welcome(known);
}

// --- panels and pictures by address ---

function route() {
  const name = location.hash.slice(1);
  const picture = /^picture\/([A-Za-z0-9]+)$/.exec(name);
  if (picture) {
    showPicture(picture[1], {
      leave: () => {
        if (location.hash.startsWith("#picture/")) location.hash = panelName ? `#${panel.at?.() ?? panelName}` : "";
      },
      use: fill,
      paintOver: (id) => bring(() => composer.paintOver(id)),
    });
    return;
  }
  closePicture();
  const [shown, part = ""] = name.split("/");
  if (!(shown in PANELS) || (shown === "train" && !hello.training)) return hidePanel();
  if (shown !== panelName) openPanel(shown);
  else panel.go?.(part);
}

function bring(act) {
  if (narrow.matches) closePanel();
  act();
}

function fill(words, left = []) {
  bring(() => composer.fill(words));
  toast(left.length ? t("page.filled.without", { left: left.join(", ") }) : t("page.filled"));
}

const toggle = (name) => (panelName && OPENERS[panelName] === OPENERS[name] ? closePanel() : (location.hash = `#${name}`));

function closePanel() {
  if (!panelName) return;
  const opener = $(OPENERS[panelName]);
  hidePanel();
  history.replaceState(null, "", location.pathname);
  opener.focus();
}

function openPanel(name) {
  panel?.close();
  panelName = name;
  panel = PANELS[name]({
    use: fill,
    save: () => composer.keep(),
    limit: hello.max_upload_mb,
  });
  $("panel").replaceChildren(
    el(
      "header",
      {},
      el("h2", { id: "panel-title", text: panel.title }),
      button(t("page.close"), { shape: "cancel", bare: true, onclick: closePanel }),
    ),
    panel.node,
  );
  $("panel").setAttribute("aria-labelledby", "panel-title");
  $("rooms").classList.toggle("roomy", name === "train");
  panel.go?.(location.hash.split("/")[1] ?? "");
  show(true);
  if (narrow.matches) $("panel").focus();
  else if (!composer.input.value || document.activeElement !== composer.input) panel.first.focus(); // nobody is kept from writing on
}

function hidePanel() {
  if (!panel) return;
  panel.close();
  panel = null;
  panelName = "";
  show(false);
}

function show(there) {
  $("panel").hidden = !there;
  $("rooms").classList.toggle("beside", there);
  $("talk").inert = there && narrow.matches;
  for (const opener of new Set(Object.values(OPENERS))) $(opener).setAttribute("aria-expanded", String(opener === OPENERS[panelName]));
}

function shortcuts(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const writing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape" && panel) closePanel();
  else if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    composer.input.focus();
  }
}

// --- the password ---

function signIn() {
  document.body.classList.add("locked");
  const input = el("input", { id: "password", type: "password", autocomplete: "current-password", required: true });
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el(
    "form",
    { class: "login" },
    el("img", { class: "seal", src: "/static/seal.svg", alt: "", width: "56", height: "56" }),
    el("h2", { text: t("page.login.title") }),
    el("p", { class: "quiet", text: t("page.login.text") }),
    el("label", { for: "password", text: t("page.login.password") }),
    input,
    problem,
    button(t("page.login.enter"), { kind: "primary wide", type: "submit" }),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("/login", { password: input.value });
      location.reload();
    } catch (failure) {
      problem.textContent = failure.message;
      input.select();
    }
  });
  $("talk").replaceChildren(form);
  for (const id of ["open-history", "open-favourites", "open-train"]) $(id).hidden = true;
  input.focus();
}

start().catch((failure) => {
  // Without a first answer there are no words yet: try again until the server is there.
  console.error(failure);
  setTimeout(() => location.reload(), 2000);
});
