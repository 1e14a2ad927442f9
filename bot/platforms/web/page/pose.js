// The editor of poses: joints moved by mouse, finger and arrow keys; the server draws the map.

import { Failure, get, post, send } from "./api.js";
import { complain, show, toast } from "./dialogs.js";
import { announce, button, el } from "./dom.js";
import { COLOURS, LIMBS, POINTS, each, empty, mirror, moveJoint, newPerson, read, reshape, scale, written } from "./pose-people.js";
import { SHAPES, near, shapeSelect, sized } from "./shapes.js";
import { language, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 12; // people
const STEPS = 200; // that can be taken back
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function node(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export class PoseEditor {
  // `start` is what `--pose` says already, "" for nothing; `use(value, shape)` gets what it shall say.
  constructor(start, use) {
    this.use = use;
    this.pose = empty();
    this.pose.people.push(newPerson(this.pose));
    this.chosen = 0; // the person
    this.joint = 1;
    this.past = [];
    this.future = [];
    this.build();
    this.draw();
    this.fill();
    if (start) this.load(start, false);
  }

  build() {
    this.svg = node("svg", { class: "canvas", role: "group" });
    this.svg.setAttribute("aria-label", t("page.pose.canvas"));
    this.svg.addEventListener("pointerdown", (event) => this.grab(event));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("focusin", (event) => this.focused(event));
    this.library = el("select", { "aria-label": t("page.pose.library"), onchange: () => this.library.value && this.load(this.library.value) });
    this.shape = shapeSelect(t("page.pose.shape"), () => this.reshaped());
    this.people = el("select", { "aria-label": t("page.pose.person"), onchange: () => this.choose(Number(this.people.value)) });
    this.file = el("input", { type: "file", accept: ".json,application/json,image/png", hidden: true, onchange: () => this.opened() });
    this.photo = el("input", { type: "file", accept: "image/*", hidden: true, onchange: () => this.underlay() });
    const does = (key, shape, act, more = {}) => button(t(`page.pose.${key}`), { shape, onclick: act, "data-does": key, ...more });
    this.hide = does("hide", "cancel", () => this.toggle());
    this.undo = does("undo", "back", () => this.back(), { bare: true });
    this.redo = does("redo", "again", () => this.forth(), { bare: true });
    this.under = does("photo", "image", () => (this.background ? this.underlay() : this.photo.click()));
    this.status = el("p", { class: "quiet", role: "status" });
    this.dialog = show(
      "pose",
      t("page.pose"),
      el(
        "div",
        { class: "bench" },
        el("div", { class: "easel" }, this.svg),
        el(
          "div",
          { class: "tools" },
          el("div", { class: "pair" }, this.library, this.shape),
          el("div", { class: "pair" }, this.people, does("add", "plus", () => this.add()), does("remove", "trash", () => this.drop(), { bare: true })),
          el("div", { class: "row" }, this.undo, this.redo, does("mirror", "vary", () => this.all(mirror)), does("larger", "larger", () => this.all((one) => scale(one, 1.1))), does("smaller", "down", () => this.all((one) => scale(one, 1 / 1.1))), this.hide),
          el("div", { class: "row" }, this.under, does("open", "copy", () => this.file.click()), does("save", "download", () => this.save())),
          this.status,
          el("p", { class: "quiet", text: t("page.pose.hint") }),
          el("footer", {}, button(t("page.cancel"), { onclick: () => this.dialog.close() }), does("use", "check", () => this.done(), { kind: "primary" })),
          this.file,
          this.photo,
        ),
      ),
    );
    this.dialog.addEventListener("keydown", (event) => this.shortcut(event));
    this.dialog.addEventListener("close", () => this.background && URL.revokeObjectURL(this.background));
  }

  async fill() {
    try {
      const { poses } = await get("/api/poses");
      const many = (one) => (one.people > 1 ? `${one.called} ×${one.people}` : one.called);
      const first = el("option", { value: "", text: t("page.pose.library") });
      this.library.replaceChildren(first, ...poses.map((one) => el("option", { value: one.name, text: many(one) })));
    } catch (failure) {
      complain(failure);
    }
  }

  // --- what is drawn ---

  draw() {
    const { width, height, people } = this.pose;
    const held = this.svg.contains(document.activeElement);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren(node("rect", { width, height, class: "ground" }));
    if (this.background) this.svg.append(node("image", { href: this.background, width, height, opacity: 0.4, preserveAspectRatio: "xMidYMid slice" }));
    this.nodes = people.map((person, who) => this.figure(person, who));
    this.people.replaceChildren(...people.map((_, who) => el("option", { value: String(who), text: t("page.pose.number", { number: who + 1 }) })));
    this.chosen = Math.max(0, Math.min(this.chosen, people.length - 1));
    this.people.value = String(this.chosen);
    const said = SHAPES.find((one) => near(one, width / height)) ?? "";
    if (!said && !this.odd) this.shape.prepend((this.odd = el("option", { value: "" })));
    if (this.odd) this.odd.textContent = `${width}×${height}`;
    this.shape.value = said;
    this.place();
    if (held) this.nodes[this.chosen]?.joints[this.joint]?.focus({ preventScroll: true });
  }

  figure(person, who) {
    const group = node("g", { class: "figure" });
    const limbs = LIMBS.map((_, at) => node("line", { stroke: COLOURS[at], "data-who": who, class: "limb" }));
    const further = node("g", { class: "further" });
    const joints = POINTS.map((name, at) => {
      const joint = node("g", { class: "joint", tabindex: 0, role: "button", "data-who": who, "data-at": at });
      joint.append(node("circle", { r: 15, class: "reach" }), node("circle", { r: 5.5, fill: COLOURS[at], class: "dot" }));
      return joint;
    });
    group.append(...limbs, further, ...joints);
    this.svg.append(group);
    return { group, limbs, joints, further };
  }

  // Everything to where it stands now.
  place() {
    this.pose.people.forEach((person, who) => {
      const { group, limbs, joints, further } = this.nodes[who];
      group.classList.toggle("chosen", who === this.chosen);
      LIMBS.forEach(([from, to], at) => {
        const [one, other] = [person.body[from], person.body[to]];
        limbs[at].toggleAttribute("hidden", !(one.seen && other.seen));
        for (const [name, value] of Object.entries({ x1: one.x, y1: one.y, x2: other.x, y2: other.y })) limbs[at].setAttribute(name, value);
      });
      person.body.forEach((one, at) => {
        joints[at].setAttribute("transform", `translate(${one.x} ${one.y})`);
        joints[at].classList.toggle("unseen-joint", !one.seen);
        joints[at].setAttribute("aria-label", this.called(who, at));
      });
      const small = [...person.left, ...person.right, ...person.face].filter((one) => one.seen);
      further.replaceChildren(...small.map((one) => node("circle", { cx: one.x, cy: one.y, r: 2 })));
    });
    this.undo.disabled = !this.past.length;
    this.redo.disabled = !this.future.length;
    const one = this.pose.people[this.chosen]?.body[this.joint];
    this.hide.disabled = !one;
    this.hide.lastChild.textContent = t(one && !one.seen ? "page.pose.show" : "page.pose.hide");
    this.under.lastChild.textContent = t(this.background ? "page.pose.photo_away" : "page.pose.photo");
    this.status.textContent = one ? `${this.called(this.chosen, this.joint)} · ${Math.round(one.x)}, ${Math.round(one.y)}` : t("page.pose.nobody");
  }

  called(who, at) {
    const name = t(`page.pose.point.${POINTS[at]}`);
    const number = t("page.pose.number", { number: who + 1 });
    const hidden = this.pose.people[who].body[at].seen ? "" : ` (${t("page.pose.hidden")})`;
    return `${number}${language.startsWith("zh") ? "，" : ", "}${name}${hidden}`;
  }

  // --- steps, back and forth ---

  keep(snapshot = JSON.stringify(this.pose)) {
    this.past.push(snapshot);
    if (this.past.length > STEPS) this.past.shift();
    this.future = [];
  }

  back() {
    if (!this.past.length) return;
    this.future.push(JSON.stringify(this.pose));
    this.pose = JSON.parse(this.past.pop());
    this.draw();
  }

  forth() {
    if (!this.future.length) return;
    this.past.push(JSON.stringify(this.pose));
    this.pose = JSON.parse(this.future.pop());
    this.draw();
  }

  all(change) {
    const person = this.pose.people[this.chosen];
    if (!person) return;
    this.keep();
    change(person);
    this.place();
  }

  // --- mouse, finger, keys ---

  grab(event) {
    const held = event.target.closest("[data-who]");
    if (!held || event.button > 0) return;
    event.preventDefault();
    const who = Number(held.dataset.who);
    const at = held.dataset.at === undefined ? null : Number(held.dataset.at);
    this.chosen = who;
    if (at !== null) this.joint = at;
    this.nodes[who].joints[at ?? this.joint].focus({ preventScroll: true });
    const before = JSON.stringify(this.pose);
    const person = this.pose.people[who];
    const matrix = this.svg.getScreenCTM().inverse();
    const spot = (one) => new DOMPoint(one.clientX, one.clientY).matrixTransform(matrix);
    let last = spot(event);
    let moved = false;
    const move = (one) => {
      if (one.pointerId !== event.pointerId) return;
      const now = spot(one);
      if (at === null) each(person, (x, y) => [x + now.x - last.x, y + now.y - last.y]);
      else moveJoint(person, at, now.x - last.x, now.y - last.y);
      moved = moved || now.x !== last.x || now.y !== last.y;
      last = now;
      this.place();
    };
    const end = (one) => {
      if (one.pointerId !== event.pointerId) return;
      for (const [name, act] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) this.svg.removeEventListener(name, act);
      if (moved) this.keep(before);
      this.place();
    };
    this.svg.setPointerCapture(event.pointerId);
    for (const [name, act] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) this.svg.addEventListener(name, act);
    this.people.value = String(who);
    this.place();
  }

  focused(event) {
    const joint = event.target.closest("[data-at]");
    if (!joint) return;
    this.chosen = Number(joint.dataset.who);
    this.joint = Number(joint.dataset.at);
    this.people.value = String(this.chosen);
    this.place();
  }

  key(event) {
    if (!event.target.closest("[data-at]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ARROWS[event.key];
    if (step) {
      const far = event.shiftKey ? 10 : 1;
      this.all((person) => moveJoint(person, this.joint, step[0] * far, step[1] * far));
    } else if (["Delete", "Backspace", "h", "H", "Enter", " "].includes(event.key)) this.toggle();
    else return;
    event.preventDefault();
    announce(this.status.textContent);
  }

  shortcut(event) {
    if (!(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.back();
    else if (key === "y" || key === "z") this.forth();
    else return;
    event.preventDefault();
  }

  toggle() {
    this.all((person) => {
      const one = person.body[this.joint];
      one.seen = !one.seen;
    });
  }

  // --- people, canvas, files ---

  choose(who) {
    this.chosen = who;
    this.place();
  }

  add() {
    if (this.pose.people.length >= MOST) return toast(t("page.pose.crowd", { limit: MOST }), "error");
    this.keep();
    this.pose.people.push(newPerson(this.pose));
    this.chosen = this.pose.people.length - 1;
    this.draw();
  }

  drop() {
    if (!this.pose.people.length) return;
    this.keep();
    this.pose.people.splice(this.chosen, 1);
    this.draw();
  }

  reshaped() {
    if (!this.shape.value) return;
    this.keep();
    reshape(this.pose, ...sized(this.shape.value));
    this.draw();
  }

  async take(asked, once = true) {
    try {
      const json = await asked;
      if (once) this.keep();
      this.pose = read(json);
      this.chosen = 0;
      this.draw();
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      complain(failure);
    }
  }

  load(name, once = true) {
    return this.take(get(`/api/poses/one?name=${encodeURIComponent(name)}`), once);
  }

  opened() {
    const [file] = this.file.files;
    this.file.value = "";
    if (file) this.take(send("/api/poses/read", file));
  }

  underlay() {
    const [file] = this.photo.files;
    if (this.background) URL.revokeObjectURL(this.background);
    this.background = file && !this.background ? URL.createObjectURL(file) : "";
    this.photo.value = "";
    this.draw();
  }

  save() {
    const content = new Blob([JSON.stringify(written(this.pose))], { type: "application/json" });
    const address = URL.createObjectURL(content);
    el("a", { href: address, download: "pose.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  async done() {
    try {
      const map = await post("/api/poses/map", written(this.pose));
      const shape = SHAPES.find((one) => near(one, map.width / map.height)) ?? `${map.width}:${map.height}`;
      this.dialog.close();
      this.use(map.pose, shape, map.picture);
    } catch (failure) {
      complain(failure);
    }
  }
}
