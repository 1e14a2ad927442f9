"""What was done to another picture to get a picture, in words: "enlarged ×2 from 3f2a9c11"."""

from __future__ import annotations

from bot.chat import Field, Say
from engine.recipe import Recipe, Source

SIGNS = 8  # of its hash that name a picture
_MENDED = {"face": "faces", "hand": "hands"}
_SIDES = ("left", "up", "right", "down")


def provenance(recipe: Recipe, parent: str | None = None) -> tuple[Field, ...]:
    """The line that says what a picture was made from, and how; `parent` is the id of that picture, where it is the
    person's own. Nothing for one that was drawn from words alone."""
    if recipe.source is None:
        return ()
    key, more = _done(recipe, recipe.source)
    values: dict[str, str | int | float] = {"picture": recipe.source.picture[:SIGNS], **more}
    return (Field(Say("recipe.source"), Say(f"recipe.done.{key}", values), picture=parent or ""),)


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
