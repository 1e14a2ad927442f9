"""Comparisons: begun, agreed to, and opened picture by picture."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.buttons.deleting import delete
from bot.buttons.redrawing import as_it_stands
from bot.buttons.wished import request_of
from bot.chat import Button, Card, Field, Press, Request, Say, common
from bot.people import guard, owned
from bot.people.access import veiled
from bot.studio import cards, comparing, recipes
from bot.studio.comparing import Comparison, RecipesOf
from bot.studio.studio import Studio
from engine.recipe import Recipe
from prompts import options
from prompts.axes import AskedPicture
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, pictures, wishes
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow

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
}


async def begin(studio: Studio, request: Request, text: str, said: str) -> Card | None:
    """Draw a comparison; one of more pictures than a request may ask for is first shown, to be agreed to."""
    made = await _made(studio, request, text, said)
    if len(made.recipes) <= studio.rules.pictures_per_request:
        await _submit(studio, request, made)
        return None
    if "seed" not in {axis.what for axis in made.axes}:  # what is agreed to is what is drawn
        request = replace(request, options=replace(request.options, seed=made.recipes[0].seed))
    words = " ".join([text, *map(str, request.loras)])
    return _sketch(studio, made, await studio.keep(request, f"{words}\n{said}"))


async def compare(studio: Studio, press: Press) -> None:
    """Draw what was agreed to."""
    wish = await wishes.get(studio.db, press.target)
    if wish is None or wish.person != press.person.id:
        raise Refusal("press.unknown")
    text, _, said = wish.text.rpartition("\n")
    request = await request_of(studio, press, wish, text, wish.options)
    await _submit(studio, request, await _made(studio, request, text, said))


async def _submit(studio: Studio, request: Request, made: Comparison) -> None:
    shared: dict[str, Json] = {} if request.room.private else {"shared": True}  # others see it, and may vote
    await studio.submit(request, made.recipes, parent=request.reply_to, comparison={**made.to_json(), **shared})


async def compared_picture(studio: Studio, press: Press) -> Card:
    """One picture of a sheet by itself, with its recipe and all its buttons."""
    row = await owned.picture(studio.db, press.person, press.target)
    spoiler = await veiled(studio.sight, studio.rules.access, press, [row])
    buttons = (*await defaults_of(studio.db, row), *cards.picture_buttons(row))
    return replace(cards.picture_card(row), buttons=buttons, spoiler=spoiler)


async def defaults_of(db: Database, row: PictureRow) -> tuple[Button, ...]:
    """The button that makes the values of a comparison's picture the person's own; none for other pictures."""
    kept = await jobs.get(db, row.job) if row.job else None
    return (Button("this_one", row.id),) if kept and kept.comparison else ()


async def sheet(studio: Studio, press: Press) -> Card | None:
    """What a reaction to a sheet, or words in reply to it, ask of all that stands on it: `values["asks"]`. Raises
    Refusal `compare.which` for what is about one picture."""
    kept = await owned.job(studio.db, press.person, press.target)
    match press.values.get("asks", ""):
        case "again" | "again_all":
            return await once_more(studio, press, kept)
        case "retry":
            await studio.submit(press, kept.job.recipes, parent=kept.parent, comparison=kept.comparison)
            return None
        case "delete":
            named = " ".join(row.id for row in await pictures.of_job(studio.db, kept.job.id))
            return await delete(studio, replace(press, values={"pictures": named})) if named else None
    raise Refusal("compare.which")


async def once_more(studio: Studio, press: Press, kept: Kept) -> Card | None:
    """Draw a comparison with another seed; one of more pictures than a request may ask for when it is agreed to.
    Raises Refusal `compare.same_again` where seeds are compared."""
    if len({one.seed for one in kept.job.recipes}) > 1:
        raise Refusal("compare.same_again")
    count = len(kept.job.recipes)
    if count > studio.rules.pictures_per_request and press.action != compare_again.__name__:
        seconds = sum(map(studio.queue.estimate.seconds, kept.job.recipes))
        text = Say("compare.again", {"count": count, "seconds": seconds})
        return Card(text=text, buttons=(Button("compare_again", kept.job.id),))
    seed = recipes.new_seed()
    fresh = [replace(one, seed=seed, variation=None) for one in kept.job.recipes]
    await studio.submit(press, fresh, parent=kept.parent, comparison=kept.comparison)
    return None


async def compare_again(studio: Studio, press: Press) -> None:
    """Draw a comparison with another seed, as was agreed to."""
    await once_more(studio, press, await owned.job(studio.db, press.person, press.target))


async def _made(studio: Studio, request: Request, text: str, said: str) -> Comparison:
    """The comparison; where nothing is said but what is compared, all else is that of the picture that is answered."""
    most = min(comparing.SQUARE * studio.rules.pictures_per_request, comparing.MOST)
    if text.strip():
        return await comparing.compared(anew(studio), request, text, said, most)
    if not request.reply_to:
        raise Refusal("compare.how")
    row = await owned.picture(studio.db, request.person, request.reply_to)
    recipe = await as_it_stands(studio.db, row)
    await guard.check(studio.sight, request.person.id, said, over=(row.recipe, recipe))
    text = recipe.prompt.positive if recipe.prompt.raw else recipe.prompt.text
    return await comparing.compared(_changed(studio, recipe, text), request, text, said, most)


def anew(studio: Studio) -> RecipesOf:
    """What makes recipes of a text with what is said beside it."""

    async def recipes_of(request: Request, asked: AskedPicture) -> Sequence[Recipe]:
        return await studio.recipes(request, asked.text)

    return recipes_of


def _changed(studio: Studio, recipe: Recipe, text: str) -> RecipesOf:
    """What makes of a recipe, with the text that its words are compared in, what is asked for beside it."""
    unwanted = ", ".join(str(one) for one in recipe.prompt.negatives if one.origin != "preset")

    async def recipes_of(request: Request, asked: AskedPicture) -> Sequence[Recipe]:
        left = replace(recipe, **dict(NOTHING[flag] for flag in asked.without if flag in NOTHING))
        model = await studio.model(request.options.model or recipe.model)
        same = functools.reduce(options.without_flag, asked.without, text)
        prompt = replace(recipe.prompt, text=same) if asked.without else recipe.prompt
        if asked.text != same:
            given = replace(request.options, raw=prompt.raw, seed=recipe.seed, model=model.name, plain=True)
            prompt, _, _ = await studio.understand(
                request.person,
                asked.text,
                negative="" if options.says(asked.text, "no") else unwanted,
                given=given,
                place=common(request),
                standing=False,
            )
            prompt = replace(prompt, loras=recipes.joined(recipe.prompt.loras, prompt.loras))
        prompt = replace(prompt, loras=recipes.joined(prompt.loras, request.loras))
        await studio.fitting(prompt, model)
        made = recipes.make(prompt, recipes.merged(recipes.options_of(left), request.options), model, most=1)
        return tuple(recipes.carried(one, left, fresh=one.seed != recipe.seed) for one in made)

    return recipes_of


def _sketch(studio: Studio, made: Comparison, wish: str) -> Card:
    """What a comparison takes, and how its sheet is laid out."""
    columns, rows, sheets = made.shape
    seconds = sum(map(studio.queue.estimate.seconds, made.recipes))
    lines = tuple(
        Field(Say("compare.axis", {"name": axis.title}), ", ".join(map(str, axis.values))) for axis in made.axes
    )
    return Card(
        text=Say(
            "compare.sketch",
            {"columns": columns, "rows": rows, "sheets": sheets, "count": len(made.recipes), "seconds": seconds},
        ),
        fields=lines,
        buttons=(Button("compare", wish),),
    )
