// One picture with its whole recipe, where it came from and what came from it.

import { get } from "./api.js";
import { framed, linked, toolbar, understanding } from "./cards.js";
import { complain, show, toast } from "./dialogs.js";
import { button, el } from "./dom.js";
import { duration, t, when } from "./words.js";

let open = null;
let again = null; // shows the open one as it is now

export function closePicture() {
  open?.close();
}

// `leave` is called when the person closes it; `use(words)` and `paintOver(id)` bring it to the composer.
export async function showPicture(id, { leave, use, paintOver }) {
  again = () => showPicture(id, { leave, use, paintOver });
  let known;
  try {
    known = await get(`/api/pictures/${id}`);
  } catch (failure) {
    complain(failure);
    leave();
    return;
  }
  const stage = el("div", { class: "stage" }, framed(known, known.text));
  stage.firstChild.href = `/pictures/${known.id}.png`;
  stage.firstChild.target = "_blank";
  const actions = toolbar(known.buttons.filter((one) => one.action !== "recipe"), [known], known.text);
  const facts = el(
    "div",
    { class: "facts" },
    el(
      "div",
      { class: "toolbar first" },
      button(t("page.picture.use"), { shape: "use", kind: "primary", onclick: () => leaving(() => use(known.use, known.left)) }),
      button(t("page.picture.over"), { shape: "brush", onclick: () => leaving(() => paintOver(known.id)) }),
    ),
    actions,
    understanding(known.understood),
    el("h3", { text: t("page.picture.all") }),
    el("dl", { class: "fields recipe" }, rows(known)),
    family(t("page.picture.parent"), known.parent ? [known.parent] : []),
    family(t("page.picture.children"), known.children),
  );
  const title = t("page.picture.title", { code: known.code });
  const columns = el("div", { class: "columns" }, stage, facts);
  if (open) {
    open.querySelector("h2").textContent = title;
    open.querySelector(".columns").replaceWith(columns);
    open.querySelector("button").focus();
    return;
  }
  open = show("picture", title, columns);
  open.addEventListener("close", () => {
    open = null;
    leave();
  });

  function leaving(then) {
    open.close();
    then();
  }
}

// A picture that is drawn anew or deleted is best watched in the conversation.
addEventListener("pressed", () => closePicture());
addEventListener("favourites", () => open && again());

function rows(known) {
  const more = [
    { name: "final", label: t("page.picture.final"), value: `${known.width}×${known.height}` },
    { name: "created", label: t("page.picture.created"), value: when(known.created) },
    { name: "seconds", label: t("page.picture.seconds"), value: duration(known.seconds) },
  ];
  return [...known.fields, ...more].flatMap((line) => [
    el("dt", { text: line.label }),
    el("dd", { class: line.name }, linked(line), ["seed", "positive", "negative"].includes(line.name) ? copy(line) : null),
  ]);
}

function copy(line) {
  const label = line.name === "seed" ? t("page.copy.seed") : t("page.copy");
  return button(label, {
    shape: "copy",
    bare: true,
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(line.value);
      } catch {
        // Browsers keep the clipboard from pages without TLS: the old way still works there.
        const area = el("textarea", {});
        area.value = line.value;
        (open ?? document.body).append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      toast(t("page.copied"));
    },
  });
}

function family(label, pictures) {
  if (!pictures.length) return null;
  return el(
    "section",
    { class: "family" },
    el("h3", { text: label }),
    el("div", { class: "thumbs" }, pictures.map(thumb)),
  );
}

export function thumb(one) {
  const image = el("img", { src: `/pictures/${one.id}.png?size=thumb`, alt: "", loading: "lazy", decoding: "async" });
  return el("a", { class: "thumb", href: `#picture/${one.id}`, title: one.text, "aria-label": t("page.picture.open", { text: one.text }) }, image);
}

