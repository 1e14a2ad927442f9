// Small builders: elements, icons, buttons. Text is only ever set as text, never as markup.

const SHAPES = {
  again: "M20 12a8 8 0 1 1-2.600-5.900M20 3v4.500h-4.500",
  retry: "M20 12a8 8 0 1 1-2.600-5.900M20 3v4.500h-4.500",
  vary: "M3 7h3.500c5 0 5.500 10 11 10H21M3 17h3.500c1.700 0 2.900-1.100 3.900-2.600M13.600 9.600C14.600 8.100 15.800 7 17.500 7H21M18.500 4 21 7l-2.500 3M18.500 14l2.500 3-2.500 3",
  upscale: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  larger: "M4 20l3.500-.8L19 7.700a1.900 1.900 0 0 0-2.700-2.700L4.800 16.500zM14.500 6.800l2.700 2.700M14 20h6M17 17v6",
  star: "M12 3.500l2.600 5.500 6 .8-4.400 4.100 1.100 6L12 17l-5.300 2.900 1.100-6L3.400 9.800l6-.8z",
  recipe: "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7M9 8h2",
  trash: "M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5.500M14 11v5.500",
  cancel: "M6 6l12 12M18 6L6 18",
  download: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
  send: "M12 20V5M5.500 11.500L12 5l6.500 6.500",
  image: "M4 5h16v14H4zM4 16l4.500-4.500 4 4L15 13l5 4.500M15.500 9.300v.01",
  history: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L20 20",
  edit: "M4 20l1-4.500L16 4.500 19.500 8 8.500 19z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  alert: "M12 8v5M12 16.500v.01M12 3.500L2.500 20h19z",
  info: "M12 11v5.500M12 7.500v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  logout: "M10 4H4v16h6M9 12h11M16 8l4 4-4 4",
  down: "M12 5v14M5.500 12.500L12 19l6.500-6.500",
  back: "M19 12H5M11 5.500L4.500 12l6.500 6.500",
  use: "M5 4v9a3 3 0 0 0 3 3h11M15 12l4 4-4 4",
  plus: "M12 5v14M5 12h14",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3.500 9.500h17M3.500 14.500h17M12 3c-3 3-4 6-4 9s1 6 4 9c3-3 4-6 4-9s-1-6-4-9z",
  same_shape: "M3 19l6-11 6 11zM12 10.500l3-5.500 6.500 12H17.500",
  control_stronger: "M5 20v-4M10 20v-7.500M15 20V9M20 20V4",
  control_weaker: "M5 20V4M10 20V9M15 20v-7.500M20 20v-4",
  map: "M9 4L3.500 6.500v14L9 18l6 2.500 5.500-2.500V4L15 6.500zM9 4v14M15 6.500v14",
  tags: "M4 4h7l9.500 9.500-6.500 6.500L4 11zM8 8v.01",
  brush: "M14.500 12.500L21 4M3.500 19.500c3 1 8 1 8.500-3.500.300-2.500-3-4-4.700-1.700C5.800 16.500 6.500 18.500 3.500 19.500zM11 13l3 2.500",
};
SHAPES.draw_tags = SHAPES.brush;
SHAPES.learn = "M12 4L2.500 8.500 12 13l9.500-4.500zM6 10.500V16c2 2.500 10 2.500 12 0v-5.500M21.500 8.500V15";
SHAPES.resting = "M8 5v14M16 5v14";
SHAPES.pose = "M12 6.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12 7v7M5 9.500l7-1 7 1M12 14l-4 7M12 14l4 7";
SHAPES.regions = "M4 5h16v14H4zM4 13c4-4 7 3 10-1 2-2.500 4-2 6-1M9.500 5c.500 2.500-1 3.500-.500 6";
SHAPES.again_all = SHAPES.again;
SHAPES.show_map = SHAPES.with_map = SHAPES.map;
SHAPES.poses = SHAPES.pose;
SHAPES.favourite = SHAPES.star;
SHAPES.unfavourite = SHAPES.star;
SHAPES.with_lora = SHAPES.plus;
SHAPES.without_lora = SHAPES.check;
SHAPES.draw = SHAPES.paint_over = SHAPES.paper_draw = SHAPES.paper_both = SHAPES.brush;
SHAPES.paper_prompt = SHAPES.use;
SHAPES.paper_compare = SHAPES.copy;
SHAPES.compare = SHAPES.compare_again = SHAPES.history;
SHAPES.versus = SHAPES.versus_with = "M12 3v18M3.500 6H9v12H3.500zM15 6h5.500v12H15z";
SHAPES.this_one = "M9 3.500h6l-1 6 3.500 3.500H6.500L10 9.500zM12 13v8";
SHAPES.not_this_one = SHAPES.back;
SHAPES.vote = SHAPES.vote_for = "M4 20h16v-7H4zM7.500 13l4-8.500 5 2.500-3 6";
SHAPES.minus = "M5 12h14";
SHAPES.compared_picture = SHAPES.image;
SHAPES.use_again = SHAPES.use_as_it_stands = SHAPES.use;
SHAPES.older_prompts = SHAPES.down;
SHAPES.why = SHAPES.why_more = SHAPES.lesson = SHAPES.info;
SHAPES.share = SHAPES.upscale;
SHAPES.unshare = SHAPES.cancel;
SHAPES.read_tags = SHAPES.search;
SHAPES.check_drawn = SHAPES.check;
SHAPES.draw_read = SHAPES.brush;
SHAPES.add_read = SHAPES.plus;
SHAPES.caption_read = SHAPES.copy;
SHAPES.raise_missing = SHAPES.control_stronger;
SHAPES.split_missing = SHAPES.regions;
SHAPES.seeds_missing = SHAPES.again;
SHAPES.delete = SHAPES.trash;
SHAPES.forget = SHAPES.trash;
SHAPES.forget_cancel = SHAPES.back;
SHAPES.mydata = SHAPES.download;

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name] ?? SHAPES.info);
  svg.append(path);
  return svg;
}

// el("p", {class: "x", onclick: f, text: "words"}, child, …); null and false children are left out.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function button(label, { shape, bare = false, kind = "", ...more } = {}) {
  const words = bare ? { "aria-label": label, title: label } : {};
  return el(
    "button",
    { type: "button", class: `button ${bare ? "bare" : ""} ${kind}`, ...words, ...more },
    shape ? icon(shape) : null,
    bare ? null : el("span", { text: label }),
  );
}

export const $ = (id) => document.getElementById(id);

export function announce(words) {
  $("announce").textContent = words;
}

export const narrow = matchMedia("(max-width: 1023px)");
