"""The stages of a picture: drawn, drawn again larger, mended, enlarged. Each asks for rows and goes on with what they
became, so that the second passes, faces and tiles of many people share UNet calls with everything else."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PIL import Image
from torch import Tensor

from engine import second_pass
from engine.files import catalog, sizes
from engine.files.upscalers import LATENT
from engine.finish import detection, upscaling
from engine.models.loaded import Loras
from engine.pixels import edges, masks
from engine.pixels.control_map import PictureView
from engine.pixels.tiles import Box, Joined, cut
from engine.recipe import Fix, Recipe, Source, following
from engine.regions import Regions
from engine.worker import passes
from engine.worker.canvas import Ask, Canvas, Enlarging, Stages, enlarged, images
from engine.worker.prepare import drawn

# Tiles that are drawn over share an eighth of the model's own side with their neighbours: enough to hide where they
# meet.
SHARED = 8
# A quarter more than its own side is what a model draws without things coming double; where fewer tiles are needed so,
# less is drawn twice: 1024 to 2048 takes four of 1096 pixels instead of nine of 1024, half the work.
WIDEST = 5 / 4
ROOM = 2.0  # what is drawn again is seen with so much around it: twice its own size


def picture(canvas: Canvas) -> Stages:
    """The stages of one picture, one after the other; returns the finished picture."""
    recipe, base = canvas.recipe, canvas.base
    plan = _plan(canvas)
    latents: Tensor | None = None
    whole = base.whole if base else None
    part = whole is not None and whole.box is not None  # drawn by itself, and larger where there is a second pass
    # The edges of a part are no edges of the picture; in A1111 they meet all the same.
    own = replace(canvas, recipe=replace(recipe, tiling="")) if part and not recipe.like else canvas
    if whole and whole.box:
        own = replace(own, maps=tuple(one.changed(partial(whole.part, recipe=recipe)) for one in canvas.maps))
        own = replace(own, recipe=replace(own.recipe, regions=_within(recipe, whole.box, whole.picture.size)))
    if base and not plan[0]:
        image = whole.picture if whole and not (part and recipe.hires) else base.image
        part = part and recipe.hires is not None
    else:
        direct = recipe.hires is not None and recipe.hires.upscaler in LATENT
        done, shows = yield from passes.first(own, sum(plan[1:]), direct)
        whole = replace(whole, mask=shows) if whole and shows else whole
        if isinstance(done, Tensor):
            latents = done
        else:
            image = whole.pasted(done) if whole and not part else done
    if recipe.hires:
        image = yield from passes.second(own, image if latents is None else latents, sum(plan[2:]))
    if whole and part:
        image = whole.pasted(image)
    for number, fix in enumerate(recipe.fixes):
        uses = canvas.fixed[number] if fix.prompt else canvas.loras
        image = yield from _fixed(canvas, image, fix, uses, sum(plan[number + 3 :]))
    if recipe.upscale:
        image = yield from _upscaled(canvas, image)
    return image


def _plan(canvas: Canvas) -> list[int]:
    """The steps of each stage to come, a tile of a network counted as one and faces taken to be one."""
    recipe = canvas.recipe
    strength = recipe.source.strength if recipe.source else 1.0
    plan = [drawn(recipe.steps, strength) if strength > 0 else 0, 0]
    width, height = recipe.width, recipe.height
    if hires := recipe.hires:
        plan[1] = passes.second_steps(second_pass.recipe(recipe, hires))
        if hires.upscaler not in LATENT:
            plan[1] += upscaling.tiles(hires.upscaler, width, height, canvas.upscalers)
        width, height = second_pass.size(recipe, hires).finished
    plan.extend(drawn(recipe.steps, fix.strength) for fix in recipe.fixes)
    if last := recipe.upscale:
        plan.append(upscaling.tiles(last.upscaler, width, height, canvas.upscalers))
        if last.strength > 0:
            size = round(width * last.factor), round(height * last.factor)
            beyond = edges.overhang(recipe.tiling, size, canvas.native // SHARED)
            tiles = _tiles(canvas, size[0] + beyond[0], size[1] + beyond[1])
            plan[-1] += len(tiles) * drawn(recipe.steps, last.strength)
    return plan


# --- what is mended ---


def _fixed(canvas: Canvas, image: Image.Image, fix: Fix, uses: Loras, rest: int) -> Enlarging:
    """Each thing found is drawn again at the model's own size, seen with what is around it, and pasted back; with
    words of its own there are no regions in it."""
    boxes = detection.find_boxes(fix.detector, image, canvas.detectors) if fix.strength > 0 else []
    if not boxes:
        return image
    patches = [_patch(image, box) for box in boxes]
    rows = []
    for number, (room, mask) in enumerate(patches, 1):
        size = _drawing_size(canvas, room)
        own = replace(
            canvas.recipe,
            prompt=second_pass.fix_prompt(canvas.recipe, fix),
            width=size[0],
            height=size[1],
            seed=following(canvas.recipe.seed, number),
            source=Source("", fix.strength),
            variation=None,
            regions=None if fix.prompt else _within(canvas.recipe, room, image.size),
            tiling="",
        )
        large = image.crop(room.corners).resize(size, Image.Resampling.LANCZOS)
        mask = masks.solid(mask.resize(size))
        seen = PictureView(image.size, room)
        rows.append(partial(canvas.row, own, large, mask, loras=uses, seen=seen, again=True))
    steps = len(rows) * drawn(canvas.recipe.steps, fix.strength)
    done = yield Ask(rows, steps, rest)
    image = image.copy()
    for (room, mask), patch in zip(patches, images(done), strict=True):
        before = image.crop(room.corners)
        image.paste(masks.pasted(before, patch.resize(before.size, Image.Resampling.LANCZOS), mask), room.corners[:2])
    return image


def _within(recipe: Recipe, part: Box, size: tuple[int, int]) -> Regions | None:
    """The recipe's regions for a part of a picture of this size."""
    return recipe.regions and recipe.regions.within(part.share(size))


def _patch(image: Image.Image, box: Box) -> tuple[Box, Image.Image]:
    """A square around the box that lies in the picture as far as that goes, and the box as a mask on it."""
    side = round(max(box.width, box.height) * ROOM)
    width, height = min(side, image.width), min(side, image.height)
    left = min(max(0, (box.left + box.right - width) // 2), image.width - width)
    top = min(max(0, (box.top + box.bottom - height) // 2), image.height - height)
    mask = Image.new("L", (width, height))
    mask.paste(255, (box.left - left, box.top - top, box.right - left, box.bottom - top))
    return Box(left, top, left + width, top + height), mask


def _drawing_size(canvas: Canvas, room: Box) -> tuple[int, int]:
    """The room's shape at the model's own size, or its own where it is larger already; multiples of 8."""
    grow = max(1.0, canvas.native / max(room.width, room.height))
    width, height = (max(1, round(side * grow / catalog.STEP)) * catalog.STEP for side in (room.width, room.height))
    return width, height


# --- what is enlarged ---


def _upscaled(canvas: Canvas, image: Image.Image) -> Enlarging:
    """Enlarged by an upscaler, then drawn over tile by tile where the recipe gives a strength."""
    recipe, last = canvas.recipe, canvas.recipe.upscale
    assert last
    size = sizes.check_upscale(last, *image.size, canvas.upscalers)
    beyond = edges.overhang(recipe.tiling, size, canvas.native // SHARED)
    boxes = _tiles(canvas, size[0] + beyond[0], size[1] + beyond[1]) if last.strength > 0 else ()
    steps = len(boxes) * drawn(recipe.steps, last.strength)
    image = yield from enlarged(canvas, image, last.upscaler, size, steps)
    if not boxes:
        return image
    # Tiles have sides that are multiples of 8: the edge is drawn out to the next one and cut off again.
    padded = _beyond(image, beyond)
    maps = (one.sized(size).changed(partial(_beyond, beyond=beyond)) for one in canvas.maps)
    tiled = replace(canvas, maps=tuple(maps))
    rows = []
    for number, box in enumerate(boxes):
        own = replace(
            recipe,
            width=box.width,
            height=box.height,
            seed=following(recipe.seed, number),
            source=Source("", last.strength),
            variation=None,
            regions=_within(recipe, box, padded.size),
            tiling="",
        )
        seen = PictureView(padded.size, box)
        rows.append(partial(tiled.row, own, padded.crop(box.corners), seen=seen, again=True))
    done = yield Ask(rows, steps)
    whole = Joined(*padded.size, canvas.native // SHARED // 4)
    for box, tile in zip(boxes, images(done), strict=True):
        whole.add(box, np.asarray(tile, np.float32))
    made = edges.joined(whole.shades, size, beyond)
    return Image.fromarray(made.round().clip(0, 255).astype(np.uint8))


def _beyond(image: Image.Image, beyond: tuple[int, int]) -> Image.Image:
    return edges.drawn_out(edges.overhanging(image, beyond), catalog.STEP)


def _tiles(canvas: Canvas, width: int, height: int) -> tuple[Box, ...]:
    """The boxes of least area in all that cover a picture of this size, of sides that the model draws well."""
    step, native = catalog.STEP, canvas.native
    width, height = (-(-side // step) * step for side in (width, height))
    sides = range(native, round(native * WIDEST) + 1, step)
    plans = (cut(width, height, side, native // SHARED, step) for side in sides)
    return min(plans, key=lambda boxes: sum(box.width * box.height for box in boxes))
