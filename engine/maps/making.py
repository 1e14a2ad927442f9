"""A map made of a picture by a preprocessor that needs no network."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.maps import canny, codes, colours, lines
from engine.maps.sizing import Size, check_fit, check_size, filled, sized
from engine.pixels import masks
from engine.preprocessors import PURE, USUAL, Preprocessor, preprocessor
from prompts.errors import Refusal
from prompts.prompt import Note

VERSION = 1  # of all that is computed here: another makes maps that were kept be made anew


@dataclass(frozen=True, slots=True)
class MadeMap:
    """A map, RGB at the size that was asked for (RGBA of `inpaint_only`, see-through where to draw again), and notes
    that tell what was done to it."""

    image: Image.Image
    notes: tuple[Note, ...] = ()


def make(
    name: str,
    image: Image.Image,
    size: Size,
    low: float = USUAL,
    high: float = USUAL,
    seed: int = 0,
    *,
    fit: str = "",
    mask: Image.Image | None = None,
) -> Image.Image:
    """The map alone; see `made`."""
    return made(preprocessor(name), image, size, low, high, seed, fit=fit, mask=mask).image


def made(
    row: Preprocessor,
    image: Image.Image,
    size: Size,
    low: float = USUAL,
    high: float = USUAL,
    seed: int = 0,
    *,
    fit: str = "",
    mask: Image.Image | None = None,
) -> MadeMap:
    """What a preprocessor makes of a picture of any mode and size, at the `size` (width, height) that is drawn.

    `low` and `high` below 0 are the usual ones; `seed` is the recipe's, for those that throw dice; `fit` is how a
    picture of another shape is laid on the size: "" (cut), "fill" or "stretch"; `mask`, white where to draw again,
    only `inpaint_only` looks at. Raises Refusal `map.unknown`, `map.out_of_range`, `map.size`, `map.no_mask`,
    `map.no_network` …
    """
    numbers = row.numbers(low, high)
    check_size(size)
    check_fit(fit)
    seen = opaque(image)
    if row.name == "inpaint_only":
        return MadeMap(_masked(image, seen, mask, size, fit))
    if row.needs != PURE:
        raise Refusal("map.no_network", name=row.name)
    drawing = sized(seen, size, fit)
    found = MAKERS[row.name](drawing, *numbers, seed)
    return MadeMap(filled(found.image, size), found.notes)


def png(image: Image.Image) -> bytes:
    """The file of a map."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def opaque(image: Image.Image) -> Image.Image:
    """The picture in RGB; what is see-through lies on white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    elif image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of more bits a pixel in 0…255: 16 bits by their share, others from their least to their most."""
    numbers = np.asarray(image, np.float64)
    least, most = (0.0, 65535.0) if image.mode.startswith("I;16") else (float(numbers.min()), float(numbers.max()))
    return Image.fromarray(np.rint((numbers - least) / max(most - least, 1e-9) * 255).astype(np.uint8))


def _masked(image: Image.Image, seen: Image.Image, mask: Image.Image | None, size: Size, fit: str) -> Image.Image:
    """The picture, see-through where it is to be drawn again."""
    marked = masks.solid(mask.resize(image.size) if mask.size != image.size else mask) if mask else None
    marked = marked or masks.transparent(image)
    if marked is None or masks.empty(marked):
        raise Refusal("map.no_mask")
    whole = filled(sized(seen, size, fit), size)
    hidden = masks.solid(sized(marked, size, fit))
    place = ((size[0] - hidden.width) // 2, (size[1] - hidden.height) // 2)
    kept = Image.new("L", size, 255)
    kept.paste(hidden.point(lambda shade: 255 - shade), place)
    whole.putalpha(kept)
    return whole


# --- what each does ---


def _inverted(image: Image.Image, low: float, high: float, seed: int) -> MadeMap:
    if lines.on_white(image):
        return MadeMap(lines.inverted(image), (Note("map.inverted"),))
    return MadeMap(image, (Note("map.not_inverted"),))


def _code(image: Image.Image, low: float, high: float, seed: int) -> MadeMap:
    return _judged(lines.threshold(image, low))


def code(text: str, size: Size) -> MadeMap:
    """A QR code with this text. Raises Refusal as `codes.written`."""
    check_size(size)
    return _judged(codes.written(text, size))


def _judged(image: Image.Image) -> MadeMap:
    """The code with a note on whether it can be read."""
    read = codes.read(image)
    return MadeMap(image, (Note("map.qr_read", {"text": read[: codes.SHOWN]}) if read else Note("map.qr_unread"),))


def _plainly(work: Callable[[Image.Image], Image.Image]) -> Maker:
    return lambda image, low, high, seed: MadeMap(work(image))


def _by(work: Callable[[Image.Image, float], Image.Image]) -> Maker:
    return lambda image, low, high, seed: MadeMap(work(image, low))


Maker = Callable[[Image.Image, float, float, int], MadeMap]
MAKERS: Mapping[str, Maker] = {
    "edges": _plainly(lines.edges),
    "canny": lambda image, low, high, seed: MadeMap(canny.canny(image, low, high)),
    "invert": _inverted,
    "lineart_standard": _plainly(lines.standard),
    "scribble_xdog": _by(lines.xdog),
    "sketch": _plainly(lines.sketch),
    "threshold": _by(lines.threshold),
    "shuffle": lambda image, low, high, seed: MadeMap(colours.shuffled(image, seed)),
    "tile_resample": _by(colours.tile),
    "blur_gaussian": _by(colours.blurred),
    "recolor_luminance": _by(colours.lightness),
    "recolor_intensity": _by(colours.intensity),
    "color_grid": _plainly(colours.grid),
    "brightness": _plainly(colours.brightness),
    "qr": _code,
}
