// Pictures on their way into a training: sorted into parcels that the server takes, sent one after the other.

import { Failure } from "./api.js";
import { t } from "./words.js";

const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/avif"];
const ENDINGS = /\.(png|jpe?g|webp|bmp|avif|zip)$/i;
const CAPTION = /\.(txt|caption)$/i;
const PARCEL = 6; // pictures in one request, so that the first are there soon
export const ACCEPT = [...PICTURES, ".zip", "application/zip", ".txt", ".caption"].join(",");

const stem = (file) => file.name.replace(/\.[^.]+$/, "");
const isPicture = (file) => PICTURES.includes(file.type) || ENDINGS.test(file.name);

// The files as parcels of at most `limit` megabytes, captions with their pictures; and those that cannot be sent, with why.
export function parcels(files, limit) {
  const most = limit * 2 ** 20;
  const captions = new Map(files.filter((one) => CAPTION.test(one.name)).map((one) => [stem(one), one]));
  const found = [];
  const left = [];
  let size = 0;
  for (const file of files) {
    if (CAPTION.test(file.name)) continue;
    if (!isPicture(file)) {
      left.push(t("page.train.no_picture", { file: file.name }));
      continue;
    }
    if (file.size > most) {
      left.push(t("page.train.too_large", { file: file.name, limit }));
      continue;
    }
    const said = captions.get(stem(file));
    const both = [file, said].filter(Boolean);
    const adds = both.reduce((sum, one) => sum + one.size, 0);
    if (!found.length || size + adds > most || found[found.length - 1].length >= PARCEL || /\.zip$/i.test(file.name)) {
      found.push([]);
      size = 0;
    }
    found[found.length - 1].push(...both);
    size += adds;
  }
  return { parcels: found, left };
}

// Sends one parcel; `moved(bytes)` hears how much of it is there. fetch() does not tell that.
export function send(path, files, moved) {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-Danqing", "1");
    request.upload.addEventListener("progress", (event) => moved(event.loaded));
    request.addEventListener("error", () => reject(new Failure(0, "", t("page.failed"))));
    request.addEventListener("load", () => {
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // A proxy's own error page: the status says enough.
      }
      if (answer.key === "web.sign_in") location.reload();
      if (request.status < 300) resolve(answer);
      else reject(new Failure(request.status, answer.key ?? "", answer.error ?? t("page.failed")));
    });
    request.send(form);
  });
}
