"""What the buttons do that draw nothing new from a picture (those that do are in bot/actions.py)."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from bot import cards
from bot.access import veiled
from bot.chat import Card, Person, Press, Request, Say
from bot.commands.loras import with_lora, without_lora
from bot.errors import Gone, Unreachable
from bot.forms import FIELDS
from prompts.errors import Refusal
from storage import favourites, jobs, pictures

if TYPE_CHECKING:
    from bot.studio import Studio

NAME_LENGTH = 24  # characters of a text that name a favourite nobody gave a name


async def cancel(studio: Studio, press: Press) -> None:
    await studio.job(press.person, press.target)
    if not studio.queue.cancel(press.target):
        raise Refusal("job.ended_already")


async def retry(studio: Studio, press: Press) -> None:
    kept = await studio.job(press.person, press.target)
    await studio.submit(press, kept.job.recipes, parent=kept.parent)


async def use(studio: Studio, press: Press) -> None:
    kept = await favourites.find(studio.db, press.person.id, press.target)
    await favourites.touch(studio.db, kept.id)
    await studio.imagine(Request(person=press.person, place=press.place, text=kept.text, key=press.key), kept.text)


async def edit(studio: Studio, press: Press) -> None:
    """By a sentence, or by a form filled in (bot/forms.py)."""
    if any(name in press.values for name in FIELDS):
        await studio.refill(press)
        return
    sentence = press.values.get("sentence", "")
    if not sentence.strip():
        raise Refusal("edit.how", picture=press.target)
    await studio.change(press, press.target, sentence)


async def favourite(studio: Studio, press: Press) -> Card:
    row = await studio.picture(press.person, press.target)
    text = row.recipe.prompt.text
    name = press.values.get("name", "").strip() or await _free_name(studio, press.person, text)
    await favourites.save(studio.db, press.person.id, name, text, row.recipe, row.id)
    await pictures.set_favourite(studio.db, row.id, True)
    return cards.notice("favourites.saved", name=name)


async def _free_name(studio: Studio, person: Person, text: str) -> str:
    """The beginning of a text, numbered where that name is taken."""
    start = " ".join(text.split())[:NAME_LENGTH].strip() or "1"
    taken = {one.name.casefold() for one in await favourites.listed(studio.db, person.id, limit=10_000)}
    names = itertools.chain([start], (f"{start} {number}" for number in itertools.count(2)))
    return next(name for name in names if name.casefold() not in taken)


async def recipe(studio: Studio, press: Press) -> Card:
    row = await studio.picture(press.person, press.target)
    return replace(cards.recipe_card(row), spoiler=await veiled(studio, press, [row.recipe]))


async def original(studio: Studio, press: Press) -> Card:
    row = await studio.picture(press.person, press.target)
    spoiler = await veiled(studio, press, [row.recipe])
    return Card(text=Say("picture.original"), pictures=(cards.shown(row),), originals=True, spoiler=spoiler)


async def delete(studio: Studio, press: Press) -> Card:
    row = await studio.picture(press.person, press.target)
    await pictures.delete(studio.db, row.id)
    kept = await jobs.get(studio.db, row.job) if row.job else None
    if kept and kept.place.platform in studio.chats:
        with suppress(Gone, Unreachable):  # somebody took the message away before
            await studio.chats[kept.place.platform].edit(kept.place, await studio.last_card(kept))
    return cards.notice("picture.deleted")


PRESSES: Mapping[str, Callable[[Studio, Press], Awaitable[Card | None]]] = {
    press.__name__: press
    for press in (cancel, retry, use, edit, favourite, recipe, original, with_lora, without_lora, delete)
}
