"""Did it draw it? The check of a picture, and the buttons that draw again what is missing: never by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.buttons.forms import as_locked
from bot.buttons.redrawing import origin
from bot.chat import Button, Card, Field, Person, Press, Say
from bot.people import access, guard, owned
from bot.studio import drawn_check, tag_cards, tag_reading
from bot.studio.drawn_check import CheckedWord, DrawnCheck
from bot.studio.recipes import new_seed
from bot.studio.studio import Studio
from engine.files import catalog, taggers
from engine.files.taggers import ClipFile
from engine.recipe import Recipe
from engine.tagging import JUDGE, PictureTags
from prompts.errors import Refusal
from prompts.prompt import Prompt
from storage import wishes
from storage.pictures import PictureRow
from storage.wishes import Wish

SEEDS = 3  # that are tried at once


async def check_drawn(studio: Studio, press: Press) -> Card:
    """What of a picture's prompt is in it. Raises Refusal `check.knows_nothing`."""
    row = await owned.picture(studio.db, press.person, press.target)
    await access.may_look(studio.db, studio.rules.access, press, studio.now(), draining=studio.draining)
    return await of_picture(studio, press.person, row)


async def of_picture(studio: Studio, person: Person, row: PictureRow) -> Card:
    """The card of a check, at the cost of the seconds of the `person` who asks. Raises Refusal
    `check.knows_nothing` where its reader knows none of the words, and `picture.file_gone`."""
    if not await studio.db.files.has(row.hash):
        raise Refusal("picture.file_gone")
    recipe = (await origin(studio.db, row)).recipe
    asked = drawn_check.asked(recipe.prompt)
    reader = await asyncio.to_thread(reader_for, studio, recipe)  # it looks into files
    found = await tag_reading.read(studio, person.id, row.hash, reader, asked=asked)
    seen = drawn_check.checked(recipe.prompt, found.asked, studio.rules.seen.general)
    if not seen.count:
        raise Refusal("drawn_check.knows_nothing", reader=tag_cards.reader(found, person.language))
    kept = ""
    if seen.missing:
        text = "\n".join(one.text for one in seen.missing)
        kept = await wishes.keep(studio.db, Wish(person=person.id, text=text, reply_to=row.id))
    return _card(found, seen, person.language, kept)


def reader_for(studio: Studio, recipe: Recipe) -> str:
    """Who looks: of pictures of the built-in model its own judge, else the usual tagger; a CLIP tells no missing."""
    if recipe.model == catalog.BUILTIN:
        return JUDGE
    rules = studio.rules
    found = taggers.chosen(rules.reader, rules.taggers, rules.folders)
    return "" if isinstance(found, ClipFile) else rules.reader


def _card(found: PictureTags, seen: DrawnCheck, language: str, kept: str) -> Card:
    fields = [
        Field(Say(f"drawn_check.{name}"), "\n".join(_line(one, language) for one in some))
        for name, some in (("seen", seen.seen), ("doubtful", seen.doubtful), ("lacking", seen.missing))
        if some
    ]
    values: dict[str, str | int | float] = {"reader": tag_cards.reader(found, language), "count": seen.count}
    fields.append(Field(Say("tags.note"), Say("drawn_check.by", values)))
    if not seen.missing:
        return Card(
            text=Say("drawn_check.all" if not seen.doubtful else "drawn_check.nearly_all"), fields=tuple(fields)
        )
    words = tag_cards.words([one.text for one in seen.missing], language)
    names = ("raise_missing", "split_missing", "seeds_missing")
    return Card(
        text=Say("drawn_check.missing", {"words": words}),
        fields=tuple(fields),
        buttons=tuple(Button(name, kept) for name in names),
    )


def _line(word: CheckedWord, language: str) -> str:
    return f"{tag_cards.both(word.text, language)}  {round(100 * word.score)}%"


# --- what can be done about it ---


async def raise_missing(studio: Studio, press: Press) -> None:
    """Draw it again, the same seed, with more weight on what is missing. Raises Refusal `check.weight_most`."""
    row, recipe, words = await _missing(studio, press)
    prompt = drawn_check.heavier(recipe.prompt, words)
    if prompt is None:
        raise Refusal("drawn_check.weight_most", limit=drawn_check.MOST)
    await _again(studio, press, row, recipe, prompt)


async def split_missing(studio: Studio, press: Press) -> None:
    """Draw it again, the same seed, with what is missing in a part of the prompt of its own."""
    row, recipe, words = await _missing(studio, press)
    await _again(studio, press, row, recipe, drawn_check.apart(recipe.prompt, words))


async def seeds_missing(studio: Studio, press: Press) -> None:
    """Draw it three times with other seeds, as far as one request may ask for so many."""
    row, recipe, _ = await _missing(studio, press)
    count = min(SEEDS, studio.rules.pictures_per_request)
    made = [replace(recipe, seed=new_seed(), variation=None) for _ in range(count)]
    await studio.submit(press, made, parent=row.id)


async def _again(studio: Studio, press: Press, row: PictureRow, recipe: Recipe, prompt: Prompt) -> None:
    await guard.check(studio.sight, press.person.id, over=(recipe,))
    await studio.submit(press, (replace(recipe, prompt=as_locked(prompt, recipe.prompt)),), parent=row.id)


async def _missing(studio: Studio, press: Press) -> tuple[PictureRow, Recipe, Sequence[str]]:
    """The picture that was checked, its recipe, and what is missing in it."""
    wish = await wishes.get(studio.db, press.target)
    if wish is None or wish.person != press.person.id or not wish.reply_to:
        raise Refusal("press.unknown")
    row = await owned.picture(studio.db, press.person, wish.reply_to)
    return row, (await origin(studio.db, row)).recipe, wish.text.split("\n")
