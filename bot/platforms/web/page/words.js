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
  if (seconds < 1.5) return t("page.left.soon");
  if (seconds < 90) return t("page.left.seconds", { count: Math.round(seconds) });
  return t("page.left.minutes", { count: Math.round(seconds / 60) });
}

export function when(iso) {
  const moment = new Date(iso);
  const today = moment.toDateString() === new Date().toDateString();
  const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, form).format(moment);
}
