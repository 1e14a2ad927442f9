"""The maps of ControlNet's units among the pictures of an answer, behind those that were drawn, as the extension
appends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from engine import second_pass
from engine.control import Control
from engine.maps.making import png
from engine.pixels import control_map
from engine.recipe import Recipe
from storage.database import Database


async def maps(db: Database, recipe: Recipe, saved: Sequence[bool]) -> list[bytes]:
    """The PNG of each unit's map as it was laid on the picture, for the units that are `saved`, in their order; with a
    second pass each in that one's size first."""
    own = tuple(one for one, wanted in zip(recipe.controls, saved, strict=False) if wanted and one.strength)
    files = {
        file: await db.files.get(file)
        for file in dict.fromkeys(file for one in own for file in one.files)
        if await db.files.has(file)
    }
    return await asyncio.to_thread(_drawn, recipe, [one for one in own if files.keys() >= {*one.files}], files)


def _drawn(recipe: Recipe, own: Sequence[Control], files: Mapping[str, bytes]) -> list[bytes]:
    size = recipe.width, recipe.height
    sizes = [second_pass.size(recipe, recipe.hires).finished, size] if recipe.hires else [size]
    laid = [control_map.laid(one, files, size) for one in own]
    return [png(one.sized(each).image) for one in laid for each in sizes]
