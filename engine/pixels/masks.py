"""Masks: where a picture is to be drawn again, and pictures put together along them. A mask is a grey picture, white
where to redraw. No torch here."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from engine.pixels.tiles import Shades

HALF = 128  # from this shade on a pixel is redrawn
WORK_SIDE = 1024  # what was painted over is looked for at this size at most: pens are wide
FAINT = 32.0  # shades; a difference below this is no paint
EDGE = 9  # pixels within which a stroke reaches its full colour
NOISE = 12.0  # shades of grain on what fills a hole: perfectly smooth ground stays smooth when it is drawn over


def solid(mask: Image.Image) -> Image.Image:
    """The mask in black and white."""
    return mask.convert("L").point(lambda shade: 255 if shade >= HALF else 0)


def empty(mask: Image.Image) -> bool:
    """Whether there is nothing to redraw."""
    return mask.getbbox() is None


def transparent(image: Image.Image, *, soft: bool = False) -> Image.Image | None:
    """White where a picture is see-through, `soft` as far as it is; None for one that is opaque everywhere."""
    if not image.has_transparency_data:
        return None
    mask = ImageChops.invert(image.convert("RGBA").getchannel("A"))
    mask = mask if soft else solid(mask)
    return None if empty(mask) else mask


def difference(original: Image.Image, painted: Image.Image) -> Image.Image:
    """The mask that somebody painted: white where a copy of a picture differs from it, at the original's size.

    The copy may be scaled and recompressed: what counts is a difference far beyond the grain that all of it has.
    Specks are dropped, and what a closed outline surrounds is not filled. Empty where nothing was painted.
    """
    size = original.size
    grow = min(1.0, WORK_SIDE / max(size))
    small = max(1, round(size[0] * grow)), max(1, round(size[1] * grow))
    one, other = (
        np.asarray(image.convert("RGB").resize(small, Image.Resampling.LANCZOS), np.int16)
        for image in (original, painted)
    )
    # The largest difference of any channel. Compression and scaling leave a grain, whose size the median tells.
    away = Image.fromarray(np.abs(one - other).max(axis=-1).astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
    floor = max(FAINT, 4 * float(np.median(np.asarray(away))))
    # A scaled edge is a slope: the stroke ends where the difference is half of what it is inside.
    inside = np.asarray(away.filter(ImageFilter.MaxFilter(EDGE)), np.float32) / 2
    mask = Image.fromarray(((np.asarray(away) > np.maximum(inside, floor)) * 255).astype(np.uint8))
    for part in (ImageFilter.MaxFilter(5), ImageFilter.MinFilter(5), ImageFilter.MedianFilter(5)):
        mask = mask.filter(part)  # pinholes closed, then specks dropped
    return solid(mask.resize(size, Image.Resampling.BILINEAR))


def grown(mask: Image.Image, width: int, height: int) -> Shades:
    """The mask on a coarser grid, (height, width) of 0 and 1: a cell is 1 if any of its pixels is to be redrawn."""
    across, down = mask.width // width, mask.height // height
    cells: Shades = np.asarray(solid(mask), np.float32).reshape(height, down, width, across)
    highest: Shades = cells.max(axis=(1, 3)) / np.float32(255)
    return highest


def feathered(mask: Image.Image, radius: int = 0) -> Image.Image:
    """The mask with soft edges that all lie inside it: what is black stays black. `radius` in pixels, 0 chooses."""
    radius = radius or max(2, min(mask.size) // 128)
    hard = solid(mask)
    layers = [np.asarray(hard, np.float32)]
    for _ in range(radius):
        hard = hard.filter(ImageFilter.MinFilter(3))
        layers.append(np.asarray(hard, np.float32))
    return Image.fromarray(np.mean(layers, axis=0).round().astype(np.uint8))


def blurred(mask: Image.Image, radius: int) -> Image.Image:
    """The mask with soft edges half inside and half outside it: a Gaussian of so many pixels' deviation, cut off at
    two and a half of them."""
    if radius <= 0:
        return mask
    reach = int(2.5 * radius + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2).astype(np.float32)
    shades = np.asarray(mask, np.float32)
    for axis in (1, 0):
        length = shades.shape[axis]
        beyond = [(0, 0), (0, 0)]
        beyond[axis] = reach, reach
        lines = np.fft.rfft(np.pad(shades, beyond, mode="reflect"), axis=axis)
        kernel = np.fft.rfft(weights / weights.sum(), n=length + 2 * reach)
        spread = np.fft.irfft(lines * (kernel if axis else kernel[:, None]), n=length + 2 * reach, axis=axis)
        shades = np.take(spread, range(2 * reach, 2 * reach + length), axis).round().clip(0, 255).astype(np.float32)
    return Image.fromarray(shades.astype(np.uint8))


def doubled(mask: Image.Image) -> Image.Image:
    """The mask twice as light: of a blurred one, all that it was before is white, and its soft edge lies outside."""
    return mask.point(lambda shade: min(255, 2 * shade))


SMEARS = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))  # pixels of blur, and how often it is laid over the last


def smeared(image: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture with what the mask shows hidden under the colours around it: the rest blurred ever less, one laid
    over the other, as A1111 fills."""
    kept = image.convert("RGBA")
    kept.putalpha(ImageChops.invert(mask.convert("L")))
    kept = kept.convert("RGBa")  # what is hidden must not come back with a blur
    whole = Image.new("RGBA", image.size)
    for radius, often in SMEARS:
        layer = kept.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(often):
            whole.alpha_composite(layer)
    return whole.convert("RGB")


def pasted(original: Image.Image, drawn: Image.Image, mask: Image.Image) -> Image.Image:
    """The drawn picture inside the mask, the original's own pixels outside; they blend along the mask's inner edge."""
    return Image.composite(drawn, original, feathered(mask))


def framed(image: Image.Image, margins: tuple[int, int, int, int], shade: int) -> Image.Image:
    """A picture with (left, top, right, bottom) pixels of one shade added."""
    left, top, right, bottom = margins
    size = image.width + left + right, image.height + top + bottom
    whole = Image.new(image.mode, size, shade if image.mode == "L" else (shade,) * 3)
    whole.paste(image, (left, top))
    return whole


def filled(image: Image.Image, mask: Image.Image, seed: int) -> Image.Image:
    """The masked part of a picture filled with the colours around it and some grain: smooth near the edge, vaguer
    farther away. A picture masked all over stays as it is."""
    known = (np.asarray(mask) < HALF).astype(np.float32)[..., None]
    if not known.any():
        return image
    shades = np.asarray(image, np.float32)
    smooth = _pulled(shades * known, known)
    grain = np.random.default_rng(seed).normal(0.0, NOISE, shades.shape)
    result = np.where(known > 0, shades, smooth + grain)
    return Image.fromarray(result.clip(0, 255).round().astype(np.uint8))


def _pulled(weighted: Shades, weight: Shades) -> Shades:
    """Known colours spread into the unknown by halving the picture until all of it is known, then going back up."""
    height, width = weight.shape[:2]
    own = (weighted / np.maximum(weight, 1e-6)).astype(np.float32)
    if weight.min() > 0 or max(height, width) == 1:
        return own
    coarse_sum, coarse_weight = _halved(weighted), _halved(weight)
    mean = (coarse_sum / np.maximum(coarse_weight, 1e-6)).astype(np.float32)
    coarse = _pulled(mean, (coarse_weight > 0).astype(np.float32))
    size = coarse.shape[1] * 2, coarse.shape[0] * 2
    shades = np.moveaxis(coarse, -1, 0)
    grown = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BILINEAR)) for one in shades]
    return np.where(weight > 0, own, np.stack(grown, axis=-1)[:height, :width])


def _halved(part: Shades) -> Shades:
    """Half the size along both sides; each cell sees four by four, so that what is known reaches its neighbours."""
    for axis in (0, 1):
        lines = np.moveaxis(part, axis, 0)
        lines = np.pad(lines, ((1, 1 + len(lines) % 2), (0, 0), (0, 0))).astype(np.float32)
        part = np.moveaxis(lines[0:-3:2] + 3 * lines[1:-2:2] + 3 * lines[2:-1:2] + lines[3::2], 0, axis)
    return part
