// Where a training stands, in a line.

import { duration, t } from "./words.js";

export const UNDER_WAY = ["waiting", "running", "paused"];

export function stateWords(one) {
  const parts = [t(`page.train.state.${one.state}`)];
  if (one.state === "waiting" && one.place) parts.push(t("page.train.place", { place: one.place }));
  if (UNDER_WAY.includes(one.state) && one.steps) parts.push(t("page.train.step", { step: one.step, steps: one.steps }));
  if (one.state === "running" && one.resting) parts.push(t("page.train.resting"));
  else if (one.state === "running" && one.left) parts.push(t("page.left.about", { time: duration(one.left) }));
  return parts.join(" · ");
}
