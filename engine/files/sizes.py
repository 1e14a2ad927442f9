"""The sizes that a model can draw and those of finished pictures, after everything that makes them larger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine import second_pass
from engine.files import compatibility, detectors
from engine.files.catalog import FAMILIES, MAX_GUIDANCE, MAX_STEPS, STEP, Family, Model
from engine.files.upscalers import LATENT, find_upscaler
from engine.pixels import source_picture
from engine.recipe import Hires, Recipe, Upscale
from prompts.errors import Refusal

MAX_FACTOR = 8.0
MAX_HIRES = 4.0
MAX_PIXELS = 64 * 10**6  # what a frame of engine/wire.py can carry as a PNG


def check_size(model: Model, width: int, height: int) -> None:
    """Raises Refusal `size.not_allowed` unless the model can draw this one, with the nearest size it can draw and that
    of the same shape which it draws best."""
    family = FAMILIES[model.family]
    if all(family.smallest <= side <= family.largest and side % STEP == 0 for side in (width, height)):
        return
    wide, high = max(1, width), max(1, height)
    raise Refusal(
        "size.not_allowed",
        width=width,
        height=height,
        near=_fitted(family, wide, high, min(1.0, family.largest / max(wide, high))),
        best=_fitted(family, wide, high, (model.width * model.height / (wide * high)) ** 0.5),
        model=model.name,
        smallest=family.smallest,
        largest=family.largest,
    )


def _fitted(family: Family, width: int, height: int, factor: float) -> str:
    """A size of about this shape, so many times as large, that the family allows."""
    sides = (round(side * factor / STEP) * STEP for side in (width, height))
    return "x".join(str(min(max(side, family.smallest), family.largest)) for side in sides)


def check_upscale(upscale: Upscale, width: int, height: int, folders: Sequence[Path] = ()) -> tuple[int, int]:
    """The size in pixels that comes out. Raises Refusal: unknown upscaler, factor or strength out of range, too large
    a picture."""
    find_upscaler(upscale.upscaler, folders)
    if not 1.0 <= upscale.factor <= MAX_FACTOR:
        raise Refusal("upscale.factor", factor=f"{upscale.factor:g}", limit=f"{MAX_FACTOR:g}")
    if not 0 <= upscale.strength <= 1:
        raise Refusal("strength.not_allowed", strength=upscale.strength)
    size = round(width * upscale.factor), round(height * upscale.factor)
    if size[0] * size[1] > MAX_PIXELS:
        raise Refusal("upscale.too_large", width=size[0], height=size[1])
    return size


def check_hires(recipe: Recipe, hires: Hires, model: Model, folders: Sequence[Path] = ()) -> tuple[int, int]:
    """The size in pixels of the second pass, multiples of 8. Raises Refusal like `check_upscale`, and for a sampler, a
    size, a guidance or a step count that cannot be."""
    if hires.upscaler not in LATENT:
        find_upscaler(hires.upscaler, folders)
    if not (hires.width or hires.height) and not 1.0 <= hires.factor <= MAX_HIRES:
        raise Refusal("upscale.factor", factor=f"{hires.factor:g}", limit=f"{MAX_HIRES:g}")
    if not 0 <= hires.strength <= 1:
        raise Refusal("strength.not_allowed", strength=hires.strength)
    if not 0 <= hires.steps <= MAX_STEPS:
        raise Refusal("steps.not_allowed", steps=hires.steps, limit=MAX_STEPS)
    if not 0 <= hires.guidance <= MAX_GUIDANCE:
        raise Refusal("guidance.not_allowed", guidance=hires.guidance, limit=MAX_GUIDANCE)
    size = second_pass.size(recipe, hires)
    check_size(compatibility.second_model(recipe, folders) or model, *size.finished)
    if size.enlarged[0] * size.enlarged[1] > MAX_PIXELS:  # before what is too much is cut off
        raise Refusal("upscale.too_large", width=size.enlarged[0], height=size.enlarged[1])
    second_pass.recipe(recipe, hires)
    return size.finished


def finished_size(recipe: Recipe, model: Model, folders: Sequence[Path] = ()) -> tuple[int, int]:
    """The size in pixels of a recipe's finished picture. Raises Refusal for sizes, strengths and names that cannot be,
    so that nobody waits for a picture that will not be drawn."""
    size = recipe.width, recipe.height
    if recipe.source is None or recipe.source.strength:
        check_size(model, *size)
    elif size[0] * size[1] > MAX_PIXELS:  # taken as it is, a picture may be larger than the model draws
        raise Refusal("upscale.too_large", width=size[0], height=size[1])
    if recipe.source:
        source_picture.check_source(recipe.source, *size)
    if recipe.hires:
        size = check_hires(recipe, recipe.hires, model, folders)
    for fix in recipe.fixes:
        detectors.check_fix(fix, folders)
    return check_upscale(recipe.upscale, *size, folders) if recipe.upscale else size
