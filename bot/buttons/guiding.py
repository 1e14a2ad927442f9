"""The buttons of a picture whose shapes were guided: its maps, its shapes with other words, another preprocessor."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.buttons import redrawing
from bot.chat import Button, Card, Press, Say, Shown, common
from bot.people import access, guard, owned
from bot.studio import nets, recipes, uploads
from bot.studio.studio import Studio
from engine.control import Control
from engine.preprocessors import PREPROCESSORS, Preprocessor
from engine.recipe import Recipe
from prompts import options
from prompts.errors import Refusal
from prompts.prompt import Options
from prompts.traditional import called
from storage.pictures import PictureRow

SAME_SHAPE = "same_shape"  # asks for words first
OF_MAP = "map."  # how notes begin that tell what was done to a map
OFFERED = 20  # preprocessors on one card; Discord takes 25 buttons


async def same_shape(studio: Studio, press: Press) -> None:
    """Draw `values["prompt"]` with the picture's shapes. Raises Refusal `control.words` where it says nothing."""
    row, recipe = await _guided(studio, press)
    text = press.values.get("prompt", "").strip()
    if not text:
        raise Refusal("control.words")
    async with studio.in_turn(press.person.id):
        await guard.check(studio.sight, press.person.id, text, over=(recipe,))
        said = options.read_options(text).options
        given = Options(model=said.model or recipe.model)
        prompt, understood, model = await studio.understand(
            press.person, text, given=given, place=common(press), over=True
        )
        asked = recipes.merged(replace(recipes.options_of(recipe), seed=None, model=model.name), said)
        asked = replace(asked, regions=understood.regions)  # those of the new words
        await studio.fitting(prompt, model)
        made = recipes.make(prompt, replace(asked, controls=None), model, most=studio.rules.pictures_per_request)
        await studio.submit(press, [replace(one, controls=recipe.controls) for one in made], parent=row.id)


async def show_map(studio: Studio, press: Press) -> Card:
    """The maps that a picture follows, as they are."""
    row, recipe = await _guided(studio, press)
    spoiler = await access.veiled(studio.sight, studio.rules.access, press, [row])
    shown = []
    for file in dict.fromkeys(one.picture for one in recipe.controls):
        if await studio.db.files.has(file):
            content = await studio.db.files.get(file)
            shown.append(Shown(file, file, *await asyncio.to_thread(uploads.measured, content)))
    if not shown:
        raise Refusal("picture.file_gone")
    names = ", ".join(dict.fromkeys(one.preprocessor or one.net for one in recipe.controls))
    return Card(text=Say("control.maps", {"names": names}), pictures=tuple(shown), spoiler=spoiler)


async def other_map(studio: Studio, press: Press) -> Card:
    """The preprocessors that can make maps for the net of a picture's first control that has a picture."""
    row, recipe = await _guided(studio, press)
    at = _first(recipe)
    found = await asyncio.to_thread(_others, recipe.controls[at], studio)
    if not found:
        raise Refusal("control.no_other")
    language = press.person.language
    buttons = [
        Button("with_map", f"{row.id}.{one.name}", label=Say("control.by", {"name": called(one.zh, one.en, language)}))
        for one in found[:OFFERED]
    ]
    values = {"name": recipe.controls[at].preprocessor, "net": recipe.controls[at].net}
    return Card(text=Say("control.others", values), buttons=tuple(buttons))


async def with_map(studio: Studio, press: Press) -> None:
    """Draw a picture again with the map of another preprocessor, "<picture>.<preprocessor>"."""
    picture, _, name = press.target.partition(".")
    row, recipe = await _guided(studio, replace(press, target=picture))
    if name not in PREPROCESSORS:
        raise Refusal("press.unknown")
    at = _first(recipe)
    old = recipe.controls[at]
    if name not in [one.name for one in await asyncio.to_thread(_others, old, studio)]:
        raise Refusal("control.no_preprocessor", name=name, files=" / ".join(PREPROCESSORS[name].files), folder="")
    await guard.check(studio.sight, press.person.id, over=(recipe,))
    new = replace(old, preprocessor=name, low=-1.0, high=-1.0, type="")
    controls = [*recipe.controls]
    controls[at], told = await (await studio.maker(press)).made(new, recipe)
    kept = [note for note in recipe.prompt.notes if len(controls) > 1 or not note.key.startswith(OF_MAP)]
    notes = (*kept, *(note for note in told if note not in kept))
    made = replace(recipe, controls=tuple(controls), prompt=replace(recipe.prompt, notes=notes))
    await studio.submit(press, (made,), parent=row.id)


async def _guided(studio: Studio, press: Press) -> tuple[PictureRow, Recipe]:
    """The picture and the recipe that drew it. Raises Refusal `control.none_here` where nothing guided it."""
    row = await owned.picture(studio.db, press.person, press.target)
    recipe = (await redrawing.origin(studio.db, row)).recipe
    if not recipe.controls:
        raise Refusal("control.none_here")
    return row, recipe


def _first(recipe: Recipe) -> int:
    """Which control had its map made of a picture. Raises Refusal `control.no_other`."""
    for at, one in enumerate(recipe.controls):
        if one.source and one.preprocessor:
            return at
    raise Refusal("control.no_other")


def _others(control: Control, studio: Studio) -> list[Preprocessor]:
    """What else can make a map for the net of a control."""
    kinds = PREPROCESSORS[control.preprocessor].kinds if control.preprocessor in PREPROCESSORS else ()
    found = {one.name: one for kind in kinds for one in nets.makers(kind, studio.rules.folders)}
    return [one for name, one in found.items() if name != control.preprocessor]
