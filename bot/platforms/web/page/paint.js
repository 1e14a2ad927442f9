// A canvas that is painted on in flat colours, by mouse, pen and finger: strokes, an eraser, steps back and forth.

import { el } from "./dom.js";

const USUAL = 0.12; // a brush, of the canvas's shorter side
const WHOLE = "all"; // a stroke of the eraser over everything

export class PaintCanvas {
  // `strokes` is what was painted before (`this.strokes` of another); `changed()` is called after each stroke.
  constructor(label, strokes, changed) {
    this.strokes = [...strokes]; // {shade: "#rrggbb", or null for the eraser, size, points: [[x, y], …]} in shares
    this.future = [];
    this.changed = changed;
    this.shade = null; // null: the eraser
    this.size = USUAL;
    this.node = el("canvas", { class: "painting", role: "img", "aria-label": label });
    this.pen = this.node.getContext("2d", { willReadFrequently: true });
    this.node.addEventListener("pointerdown", (event) => this.begin(event));
  }

  // In pixels; what was painted goes along.
  resize(width, height) {
    this.node.width = width;
    this.node.height = height;
    this.draw();
  }

  draw() {
    this.pen.clearRect(0, 0, this.node.width, this.node.height);
    this.strokes.forEach((one) => this.stroke(one, one.points));
    this.changed();
  }

  stroke({ shade, size }, points) {
    const { pen } = this;
    const { width, height } = this.node;
    if (points === WHOLE) return pen.clearRect(0, 0, width, height);
    pen.globalCompositeOperation = shade ? "source-over" : "destination-out";
    pen.strokeStyle = shade ?? "#000";
    pen.lineWidth = size * Math.min(width, height);
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    points.forEach(([x, y], at) => (at ? pen.lineTo(x * width, y * height) : pen.moveTo(x * width, y * height)));
    if (points.length === 1) pen.lineTo(points[0][0] * width + 0.01, points[0][1] * height); // a dab: no line has no caps
    pen.stroke();
    pen.globalCompositeOperation = "source-over";
  }

  begin(event) {
    if (event.button > 0 || this.painting) return; // a second finger paints nothing
    event.preventDefault();
    const box = this.node.getBoundingClientRect();
    const spot = (one) => [(one.clientX - box.left) / box.width, (one.clientY - box.top) / box.height];
    const stroke = (this.painting = { shade: this.shade, size: this.size, points: [spot(event)] });
    this.stroke(stroke, stroke.points);
    const move = (one) => {
      if (one.pointerId !== event.pointerId) return;
      const last = stroke.points.length - 1;
      const passed = one.getCoalescedEvents?.() ?? [];
      stroke.points.push(...(passed.length ? passed : [one]).map(spot));
      this.stroke(stroke, stroke.points.slice(last));
    };
    const end = (one) => {
      if (one.pointerId !== event.pointerId) return;
      for (const [name, act] of Object.entries(acts)) this.node.removeEventListener(name, act);
      this.painting = null;
      this.keep(stroke);
    };
    const acts = { pointermove: move, pointerup: end, pointercancel: end };
    this.node.setPointerCapture(event.pointerId);
    for (const [name, act] of Object.entries(acts)) this.node.addEventListener(name, act);
  }

  keep(stroke) {
    this.strokes.push(stroke);
    this.future = [];
    this.changed();
  }

  back() {
    if (!this.strokes.length) return;
    this.future.push(this.strokes.pop());
    this.draw();
  }

  forth() {
    if (!this.future.length) return;
    this.strokes.push(this.future.pop());
    this.draw();
  }

  clear() {
    if (!this.strokes.length || this.strokes.at(-1).points === WHOLE) return;
    this.strokes.push({ shade: null, size: 0, points: WHOLE });
    this.draw();
  }

  // How much (0…1) of the canvas each of these shades covers.
  shares(shades) {
    const { width, height } = this.node;
    const { data } = this.pen.getImageData(0, 0, width, height);
    const packed = shades.map((one) => Number.parseInt(one.slice(1), 16));
    const found = new Map(packed.map((one) => [one, 0]));
    for (let at = 0; at < data.length; at += 4) {
      const one = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
      if (data[at + 3] > 127 && found.has(one)) found.set(one, found.get(one) + 1);
    }
    return packed.map((one) => found.get(one) / (width * height));
  }

  blob() {
    return new Promise((resolve) => this.node.toBlob(resolve, "image/png"));
  }
}
