"""What is compared of a recipe itself: a part of it with another value, or none of what a flag asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.studio import recipes
from engine import a1111, samplers
from engine.files.upscalers import LATENT, find_upscaler
from engine.recipe import Recipe, Refiner, Upscale, Variation, following
from prompts.axes import AskedPicture
from prompts.axis_names import PARTS
from prompts.controls import MODES
from prompts.errors import Refusal

VARIATION = 0.35  # as the button "Vary" has it, where seeds of a variation are compared
# What a recipe has where one of these flags is said to be off; of the others it has nothing that would stay.
NOTHING: Mapping[str, tuple[str, Any]] = {
    "vae": ("vae", ""),
    "hd": ("hires", None),
    "fix": ("fixes", ()),
    "tiling": ("tiling", ""),
    "freeu": ("freeu", None),
    "mimic": ("threshold", None),
    "quality": ("quality", ""),
    "guidance-curve": ("guidance_curve", ""),
    "upscale": ("upscale", None),
    "control": ("controls", ()),
    "pose": ("controls", ()),
}


def compared(recipe: Recipe, asked: AskedPicture, folders: Sequence[Path]) -> Recipe:
    """The recipe with nothing of what is off, and with each part that is compared (of PARTS) as it is said; no part of
    what is off. Raises Refusal `compare.without` where there is nothing that it would be a part of, `control.range`,
    and for a name of nothing."""
    recipe = without(recipe, asked.without)
    off = {NOTHING[flag][0] for flag in asked.without if flag in NOTHING}
    for path, value, title in asked.parts:
        field, _, name = path.partition(".")
        if field not in off:
            recipe = _WAYS[field](recipe, name, value, title, folders)
    return recipe


def without(recipe: Recipe, flags: Collection[str]) -> Recipe:
    """The recipe with nothing of what these flags ask for."""
    return replace(recipe, **dict(NOTHING[flag] for flag in flags if flag in NOTHING))


def _controls(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if not recipe.controls:
        raise _missing(f"controls.{name}", title)
    if name == "mode":
        if str(value).casefold() not in MODES:
            raise Refusal("option.bad_value", option=title, value=str(value)[:40])
        value = MODES[str(value).casefold()]
    made = tuple(replace(one, **{name: value}) for one in recipe.controls)
    if wrong := next((one for one in made if not one.start < one.end), None):
        raise Refusal("control.range", option=f"--control {wrong.net}", start=wrong.start, end=wrong.end)
    return replace(recipe, controls=made)


def _hires(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if name == "upscaler":
        latent = next((one for one in LATENT if one.casefold() == str(value).casefold()), "")
        found = None if latent else find_upscaler(str(value), folders)
        value = found.stem if isinstance(found, Path) else found.name if found else latent
    elif name == "sampler":
        value = a1111.find_sampler(value)[0].name if recipe.like else samplers.find_sampler(value).name
    changes = {name: value, "width": 0, "height": 0} if name == "factor" else {name: value}
    return replace(recipe, hires=replace(recipe.hires or recipes.HIRES, **changes))


def _fixes(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if not recipe.fixes:
        raise _missing(f"fixes.{name}", title)
    return replace(recipe, fixes=tuple(replace(one, strength=value) for one in recipe.fixes))


def _upscale(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    return replace(recipe, upscale=replace(recipe.upscale or Upscale(recipes.UPSCALER, value), factor=value))


def _refiner(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if name == "model":
        old = recipe.refiner or Refiner("", recipes.SWITCH)
        return replace(recipe, refiner=replace(old, model=str(value)) if value else None)
    if recipe.refiner is None:
        raise _missing("refiner.switch", title)
    return replace(recipe, refiner=replace(recipe.refiner, switch=value))


def _variation(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    old = recipe.variation or Variation(following(recipe.seed, 1), VARIATION)
    return replace(recipe, variation=replace(old, **{name: value}))


def _regions(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if recipe.regions is None:
        raise _missing("regions.base", title)
    return replace(recipe, regions=replace(recipe.regions, base=value))


def _like(recipe: Recipe, name: str, value: Any, title: str, folders: Sequence[Path]) -> Recipe:
    if recipe.like is None:
        raise _missing(f"like.{name}", title)
    return replace(recipe, like=replace(recipe.like, **{name: value}))


def _missing(path: str, title: str) -> Refusal:
    return Refusal("compare.without", name=title, needs=PARTS[path].needs)


_WAYS: Mapping[str, Callable[[Recipe, str, Any, str, Sequence[Path]], Recipe]] = {
    "controls": _controls,
    "hires": _hires,
    "fixes": _fixes,
    "upscale": _upscale,
    "refiner": _refiner,
    "variation": _variation,
    "regions": _regions,
    "like": _like,
}
