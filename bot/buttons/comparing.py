"""Comparisons: begun, agreed to, and opened picture by picture."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

from bot.buttons.deleting import delete
from bot.buttons.redrawing import as_it_stands
from bot.buttons.wished import request_of
from bot.chat import Button, Card, Field, Press, Request, Say, common
from bot.people import guard, owned
from bot.people.access import veiled
from bot.studio import cards, comparing, comparing_in_part, recipe_axes, recipes
from bot.studio.comparing import Comparison, RecipesOf
from bot.studio.recipes import merged
from bot.studio.studio import Studio
from bot.studio.understood import BESIDE, Understood
from engine.files.catalog import Model
from engine.recipe import Recipe
from prompts import options
from prompts.axes import AskedPicture
from prompts.errors import Refusal
from prompts.prompt import Json, Prompt
from storage import jobs, pictures, wishes
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow


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
    async with studio.in_turn(press.person.id):  # of two presses at once the second finds that it has begun
        wish = await wishes.get(studio.db, press.target)
        if wish is None or wish.person != press.person.id:
            raise Refusal("press.unknown")
        if not wish.text:
            raise Refusal("compare.begun")
        text, _, said = wish.text.rpartition("\n")
        request = await request_of(studio, press, wish, text, wish.options)
        await _submit(studio, request, await _made(studio, request, text, said))
        await wishes.fulfil(studio.db, press.target)


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
    return (Button("this_one", row.id),) if kept and kept.comparison and "said" in kept.comparison else ()


async def sheet(studio: Studio, press: Press) -> Card | None:
    """What a reaction to a sheet, or words in reply to it, ask of all that stands on it: `values["asks"]`. Raises
    Refusal `compare.which` for what is about one picture."""
    kept = await comparing_in_part.whole(studio.db, await owned.job(studio.db, press.person, press.target))
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
    varied = len({one.variation for one in kept.job.recipes}) > 1  # which is what is compared
    seed = recipes.new_seed()
    fresh = [replace(one, seed=seed, variation=one.variation if varied else None) for one in kept.job.recipes]
    # A lesson stands beside a picture of the old seed: with another it would show two things at once.
    comparison = kept.comparison if comparing_in_part.keeps(kept) else None
    await studio.submit(press, fresh, parent=kept.parent, comparison=comparison)
    return None


async def compare_again(studio: Studio, press: Press) -> None:
    """Draw a comparison with another seed, as was agreed to."""
    kept = await owned.job(studio.db, press.person, press.target)
    await once_more(studio, press, await comparing_in_part.whole(studio.db, kept))


async def _made(studio: Studio, request: Request, text: str, said: str) -> Comparison:
    """The comparison; where nothing is said but what is compared, all else is that of the picture that is answered."""
    most = min(comparing.SQUARE * studio.rules.pictures_per_request, comparing.MOST)
    if text.strip():
        comparing.in_vain(request.options, text)
        return await comparing.compared(anew(studio), request, text, said, most)
    if not request.reply_to:
        raise Refusal("compare.how")
    row = await owned.picture(studio.db, request.person, request.reply_to)
    recipe = await as_it_stands(studio.db, row)
    await guard.check(studio.sight, request.person.id, said, over=(row.recipe, recipe))
    text = recipe.prompt.positive if recipe.prompt.raw else recipe.prompt.text
    return await comparing.compared(_changed(studio, recipe, text), request, text, said, most)


def anew(studio: Studio) -> RecipesOf:
    """What makes recipes of a text with what is said beside it. A text is read once, as long as only what stands
    beside it differs."""
    known: dict[object, Understood] = {}

    async def recipes_of(request: Request, asked: AskedPicture) -> Sequence[Recipe]:
        loras = (*request.loras, *asked.loras)
        said = {name: value for name, value in asked.options.to_json().items() if name not in BESIDE}
        given = merged(request.options, asked.options) if said else request.options
        seed = given.seed if asked.options.seed is None else asked.options.seed
        words = asked.text, loras, replace(given, seed=None)
        read = known.get(words) or known.get((words, seed))
        if read is None:
            read = await studio.read(replace(request, options=replace(given, seed=seed), loras=loras), asked.text)
            # What chance made of the words with one seed it makes of them with no other.
            known[words if read.prompt.seed is None else (words, seed)] = read
        beside = asked.options if seed is None else replace(asked.options, seed=seed)
        made = await studio.recipes_of(read, beside)
        return tuple(recipe_axes.compared(one, asked, studio.rules.folders) for one in made)

    return recipes_of


def _changed(studio: Studio, recipe: Recipe, text: str) -> RecipesOf:
    """What makes of a recipe, with the text that its words are compared in, what is asked for beside it."""
    unwanted = ", ".join(str(one) for one in recipe.prompt.negatives if one.origin != "preset")
    models: dict[str, Model] = {}
    fit: list[tuple[Prompt, Model]] = []  # that go together

    async def recipes_of(request: Request, asked: AskedPicture) -> Sequence[Recipe]:
        request = replace(request, options=merged(request.options, asked.options), loras=(*request.loras, *asked.loras))
        left = recipe_axes.without(recipe, asked.without)
        name = request.options.model or recipe.model
        model = models[name] = models.get(name) or await studio.model(name)
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
        if (prompt, model) not in fit:
            await studio.fitting(prompt, model)
            fit.append((prompt, model))
        made = recipes.make(prompt, recipes.merged(recipes.options_of(left), request.options), model, most=1)
        carried = (recipes.carried(one, left, fresh=one.seed != recipe.seed) for one in made)
        return tuple(recipe_axes.compared(one, asked, studio.rules.folders) for one in carried)

    return recipes_of


def _sketch(studio: Studio, made: Comparison, wish: str) -> Card:
    """What a comparison takes, and how its sheet is laid out."""
    columns, rows, sheets = made.shape
    seconds = studio.queue.estimate.together(made.recipes)
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
