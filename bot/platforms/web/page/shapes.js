// The shapes of a picture that editors offer, and their canvases.

import { el } from "./dom.js";

export const SHAPES = ["2:3", "3:4", "1:1", "4:3", "3:2", "9:16", "16:9"];
export const LARGEST = 768; // pixels: the longer side of a new canvas

// Width and height in pixels of a canvas of this shape.
export function sized(shape) {
  const [wide, high] = shape.split(":").map(Number);
  const longer = LARGEST / Math.max(wide, high);
  return [Math.round((wide * longer) / 8) * 8, Math.round((high * longer) / 8) * 8];
}

export function near(shape, ratio) {
  const [wide, high] = shape.split(":").map(Number);
  return Math.abs(wide / high / ratio - 1) < 0.02;
}

export function shapeSelect(label, onchange) {
  return el("select", { "aria-label": label, onchange }, SHAPES.map((one) => el("option", { value: one, text: one })));
}
