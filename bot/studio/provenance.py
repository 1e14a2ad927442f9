"""What was done to another picture to get a picture, in words: "enlarged ×2 from 3f2a9c11"."""

from __future__ import annotations

from bot.chat import Field, Say
from engine.control import Control
from engine.recipe import Recipe, Source

SIGNS = 8  # of its hash that name a picture
_MENDED = {"face": "faces", "hand": "hands"}
_SIDES = ("left", "up", "right", "down")


def provenance(recipe: Recipe, parent: str | None = None) -> tuple[Field, ...]:
    """The lines that say what a picture was made from, how, and what guided its shapes; `parent` is the id of what it
    was made from, where it is the person's own. Nothing for one that was drawn from words alone."""
    guided = tuple(map(_guided, recipe.controls))
    if recipe.source is None:
        return guided
    key, more = _done(recipe, recipe.source)
    values: dict[str, str | int | float] = {"picture": recipe.source.picture[:SIGNS], **more}
    return (Field(Say("recipe.source"), Say(f"recipe.done.{key}", values), picture=parent or ""), *guided)


def _guided(control: Control) -> Field:
    """What guided its shapes: by which net and map, how much, when and in which mode."""
    values: dict[str, str | int | float] = {
        "by": control.preprocessor or "—",
        "net": control.net,
        "strength": f"{control.strength:g}",
        "start": f"{control.start:g}",
        "end": f"{control.end:g}",
        "picture": (control.source or control.picture)[:SIGNS],
    }
    return Field(Say("recipe.control"), Say(f"recipe.guided_by.{control.mode or 'balanced'}", values))


def _done(recipe: Recipe, source: Source) -> tuple[str, dict[str, str | int | float]]:
    strength = f"{source.strength:g}"
    if any(source.margins):
        grown = [(side, pixels) for side, pixels in zip(_SIDES, source.margins, strict=True) if pixels]
        if len(grown) == 1:
            return grown[0][0], {"pixels": grown[0][1]}
        return ("zoomed", {}) if len(grown) == len(_SIDES) else ("extended", {})
    if source.mask:
        return "painted", {"strength": strength}
    if source.strength:
        return "over", {"strength": strength}
    if recipe.upscale:
        factor = f"{recipe.upscale.factor:g}"
        return ("redrawn" if recipe.upscale.strength else "enlarged"), {"factor": factor}
    if recipe.fixes:
        kinds = {_MENDED.get(fix.detector, "mended") for fix in recipe.fixes}
        return (kinds.pop() if len(kinds) == 1 else "mended"), {}
    return "detailed" if recipe.hires else "taken", {}
