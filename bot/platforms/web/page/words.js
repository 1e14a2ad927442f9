// Words of the page in the person's language, and how times and numbers are written in it.

let texts = {};
export let language = "en";

export function learn(hello) {
  texts = hello.texts;
  language = hello.language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : language;
}

export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
}

export function examples() {
  return Object.keys(texts).filter((key) => key.startsWith("page.example.")).sort().map((key) => texts[key]);
}

export function secondsLeft(seconds) {
  return seconds < 1.5 ? t("page.left.soon") : t("page.left.about", { time: duration(Math.round(seconds)) });
}

// A length of time as one says it; bot/texts says it alike in sentences that come from there.
export function duration(seconds) {
  if (seconds < 90) return t("page.time.seconds", { count: seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds) });
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const parts = hours < 1 ? { minutes } : hours < 24 ? { hours, minutes: minutes % 60 } : { days: Math.floor(hours / 24), hours: hours % 24 };
  const said = Object.entries(parts).filter(([, count]) => count);
  return said.map(([unit, count]) => t(`page.time.${unit}`, { count })).join(" ");
}

export function when(iso) {
  const moment = new Date(iso);
  const today = moment.toDateString() === new Date().toDateString();
  const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, form).format(moment);
}
