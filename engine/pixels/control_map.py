"""The maps that a recipe's controls follow: files opened with care, laid on the picture, and cut to parts of it. No
torch here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from engine import control
from engine.control import Control
from engine.pixels import source_picture
from engine.pixels.tiles import Box
from engine.recipe import Recipe
from prompts.errors import Refusal

Size = tuple[int, int]  # width and height

FITS, MODES, STAGES = ("", "fill", "stretch"), ("", "prompt", "control"), ("", "first", "second")
INPAINT = "inpaint"  # a kind of map, and how its preprocessors are called
STRONGEST = 2.0  # as far as sd-webui-controlnet's slider goes


@dataclass(frozen=True, slots=True)
class PictureView:
    """The part that a row shows: `box` of the whole picture, which is of `size` pixels."""

    size: Size
    box: Box


@dataclass(frozen=True, slots=True)
class ControlMap:
    """The map of a control, RGB, of the picture's shape but in pixels of its own; `mask` is white where it acts, `hole`
    where a map for inpainting is see-through, which is what is to be drawn anew."""

    control: Control
    image: Image.Image
    mask: Image.Image | None = None
    hole: Image.Image | None = None

    def sized(self, size: Size, seen: PictureView | None = None) -> ControlMap:
        """What a row of this size is shown: the whole, or what lies in the part that is seen."""
        return self.changed(lambda image: _part(image, seen, size))

    def changed(self, change: Callable[[Image.Image], Image.Image]) -> ControlMap:
        """The same with its pictures changed, all alike."""
        mask, hole = (change(one) if one else None for one in (self.mask, self.hole))
        return replace(self, image=change(self.image), mask=mask, hole=hole)


def opened(recipe: Recipe, files: Mapping[str, bytes], shape: Size) -> tuple[ControlMap, ...]:
    """The maps of a recipe's controls, made from the files by hash, laid on a picture of this shape. Those that never
    act are left out.

    Raises Refusal: a file missing, damaged or too large, more controls than may be, numbers out of range."""
    check(recipe.controls)
    return tuple(laid(one, files, shape) for one in recipe.controls if one.strength)


def check(controls: Sequence[Control]) -> None:
    """Raises Refusal `control.too_many`, `control.no_picture`, `option.out_of_range` or `option.bad_value`."""
    if len(controls) > control.MOST:
        raise Refusal("control.too_many", count=len(controls), limit=control.MOST)
    for one in controls:
        if not one.picture:
            raise Refusal("control.no_picture", name=one.net)
        if not 0 <= one.strength <= STRONGEST:
            raise Refusal("option.out_of_range", option="control", value=one.strength, low=0, high=STRONGEST)
        if not 0 <= one.start <= one.end <= 1:
            raise Refusal("option.bad_value", option="control", value=f"{one.start:g}-{one.end:g}")
        for value, known in ((one.fit, FITS), (one.mode, MODES), (one.stages, STAGES)):
            if value not in known:
                raise Refusal("option.bad_value", option="control", value=value)


def laid(one: Control, files: Mapping[str, bytes], shape: Size) -> ControlMap:
    """The map of one control, laid on a picture of this shape. Raises Refusal for a file that is missing or damaged."""
    image = _opened(files, one.picture)
    hole = None
    if image.has_transparency_data:  # where nothing is drawn a map says nothing: black
        image = image.convert("RGBA")
        if one.type == INPAINT or one.preprocessor.startswith(INPAINT):
            hole = image.getchannel("A").point(lambda shade: 0 if shade else 255)
        image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
    whole = _fitted(image.convert("RGB"), shape, one.fit)
    mask = _opened(files, one.mask).convert("L") if one.mask else None
    mask, hole = (_fitted(side, shape, one.fit) if side else None for side in (mask, hole))
    return ControlMap(one, whole, mask, hole)


def _opened(files: Mapping[str, bytes], name: str) -> Image.Image:
    if name not in files:
        raise Refusal("picture.gone")
    return source_picture.opened(files[name])


def _fitted(image: Image.Image, shape: Size, fit: str) -> Image.Image:
    """A map made of the shape: cut in the middle, filled up with the median of its border (a mask with black), or as
    it is, to be stretched. Its own pixels stay what they are."""
    wide, high = shape
    if fit == "stretch" or image.width * high == image.height * wide:
        return image
    wider = image.width * high > image.height * wide
    if fit == "fill":
        size = (image.width, math.ceil(image.width * high / wide)) if wider else (
            math.ceil(image.height * wide / high), image.height)  # fmt: skip
        whole = Image.new(image.mode, size, _border(image) if image.mode == "RGB" else 0)
        whole.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
        return whole
    size = (max(1, round(image.height * wide / high)), image.height) if wider else (
        image.width, max(1, round(image.width * high / wide)))  # fmt: skip
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))


def _border(image: Image.Image) -> tuple[int, int, int]:
    shades = np.asarray(image)
    border = np.concatenate([shades[0], shades[-1], shades[:, 0], shades[:, -1]])
    red, green, blue = np.median(border, axis=0).round().astype(int).tolist()
    return red, green, blue


def _part(image: Image.Image, seen: PictureView | None, size: Size) -> Image.Image:
    if seen is None:
        return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
    across, down = image.width / seen.size[0], image.height / seen.size[1]
    box = seen.box.left * across, seen.box.top * down, seen.box.right * across, seen.box.bottom * down
    if box == (0, 0, *image.size) and image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, box=box)
