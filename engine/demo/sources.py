"""The emoji as pictures: read from the packages of the emoji sets, rendered, cropped and kept in one file."""

from __future__ import annotations

import importlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.demo.concepts import Concept

SIDE = 128
# Set → package as `npm pack` names it. Versions and licences: CREDITS.md.
PACKAGES = {
    "3d": "lobehub-fluent-emoji-3d-1.1.0.tgz",
    "flat": "iconify-json-fluent-emoji-flat-1.2.6.tgz",
}
Cutouts = dict[str, NDArray[np.uint8]]  # set → (things, side, side, 4) RGBA


def cutouts(things: Sequence[Concept], packages: Path) -> Cutouts:
    """Every thing of every set, (things, 128, 128, 4) RGBA, filling its square along the longer side.

    `packages` is the folder with the files that `npm pack` brings. Raises FileNotFoundError where one is missing,
    KeyError where a set lacks a thing, ImportError without resvg-py.
    """
    made: Cutouts = {}
    for name, file in PACKAGES.items():
        with tarfile.open(packages / file) as package:
            draw = _pictures(package) if name == "3d" else _drawings(package)
            made[name] = np.stack([_fitted(draw(thing)) for thing in things])
    return made


def _pictures(package: tarfile.TarFile) -> Callable[[Concept], Image.Image]:
    names = set(package.getnames())

    def draw(thing: Concept) -> Image.Image:
        for code in (thing.code, f"{thing.code}-fe0f"):
            name = f"package/assets/{code}.webp"
            if name in names and (file := package.extractfile(name)):
                return Image.open(io.BytesIO(file.read()))
        raise KeyError(thing.name)

    return draw


def _drawings(package: tarfile.TarFile) -> Callable[[Concept], Image.Image]:
    icons, by_code = (_json(package, f"package/{name}.json") for name in ("icons", "chars"))
    render = importlib.import_module("resvg_py").svg_to_bytes

    def draw(thing: Concept) -> Image.Image:
        slug = by_code.get(thing.code) or by_code[f"{thing.code}-fe0f"]
        icon = icons["icons"][slug]
        width = icon.get("width", icons.get("width", 16))
        height = icon.get("height", icons.get("height", 16))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
        return Image.open(io.BytesIO(bytes(render(svg_string=svg, width=2 * SIDE, height=2 * SIDE))))

    return draw


def _json(package: tarfile.TarFile, name: str) -> Any:
    file = package.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return json.load(file)


def _fitted(picture: Image.Image) -> NDArray[np.uint8]:
    """Cropped to what is seen and enlarged to the square; colours under full transparency become those beside it."""
    whole = picture.convert("RGBA")
    box = whole.getchannel("A").point(lambda alpha: 255 * (alpha > 8)).getbbox()
    cropped = whole.crop(box)
    ratio = SIDE / max(cropped.size)
    size = max(1, round(cropped.width * ratio)), max(1, round(cropped.height * ratio))
    square = Image.new("RGBa", (SIDE, SIDE))
    # Premultiplied, or the resampling would pull the colour of the unseen into the rim.
    fitted = cropped.convert("RGBa").resize(size, Image.Resampling.LANCZOS)
    square.paste(fitted, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(square.convert("RGBA"), dtype=np.uint8)
