"""The table of buttons that are more than a new recipe (the buttons that are one: bot/buttons/actions.py)."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from bot.buttons import redrawing
from bot.buttons.actions import again
from bot.buttons.forms import FIELDS
from bot.buttons.found_pictures import older
from bot.buttons.loras import with_lora, without_lora
from bot.buttons.mending import mend, mend_all
from bot.buttons.sharing import draw, own, share, unshare
from bot.chat import Card, Person, Press, Request, Say
from bot.errors import Gone, Unreachable
from bot.people import owned
from bot.people.access import veiled
from bot.studio import cards, last_cards
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import favourites, jobs, pictures
from storage.database import Database
from storage.posts import Post

NAME_LENGTH = 24  # characters of a text that name a favourite nobody gave a name


async def cancel(studio: Studio, press: Press) -> None:
    await owned.job(studio.db, press.person, press.target)
    if not studio.queue.cancel(press.target):
        raise Refusal("job.ended_already")


async def again_all(studio: Studio, press: Press) -> None:
    """Draw all pictures of a job once more as one job, or only the pictures named in `values["pictures"]`."""
    named = press.values.get("pictures", "").split()
    if not named:
        kept = await owned.job(studio.db, press.person, press.target)
        named = [row.id for row in await pictures.of_job(studio.db, kept.job.id)]
    rows = [await owned.picture(studio.db, press.person, one) for one in named]
    if not rows:
        raise Refusal("picture.gone")
    if len(rows) > studio.rules.pictures_per_request:
        raise Refusal("count.not_allowed", count=len(rows), limit=studio.rules.pictures_per_request)
    made = [again(await redrawing.origin(studio.db, row)) for row in rows]
    await studio.submit(press, made, parent=rows[0].id)


def under(post: Post, action: str) -> tuple[str, str, Mapping[str, str]]:
    """The action, target and values of the press that an action on a message with pictures stands for: "again" is about
    all of them, every other action about the first."""
    if action == "again" and len(post.pictures) > 1:
        return "again_all", post.job or post.pictures[0], {"pictures": " ".join(post.pictures)}
    return action, post.pictures[0], {}


async def retry(studio: Studio, press: Press) -> None:
    kept = await owned.job(studio.db, press.person, press.target)
    await studio.submit(press, kept.job.recipes, parent=kept.parent)


async def use(studio: Studio, press: Press) -> None:
    kept = await favourites.find_favourite(studio.db, press.person.id, press.target)
    await favourites.touch(studio.db, kept.id)
    await studio.imagine(Request(person=press.person, place=press.place, text=kept.text, key=press.key), kept.text)


async def edit(studio: Studio, press: Press) -> None:
    """By a sentence, or by a form filled in (bot/buttons/forms.py)."""
    if any(name in press.values for name in FIELDS):
        await redrawing.by_form(studio, press)
        return
    sentence = press.values.get("sentence", "")
    if not sentence.strip():
        raise Refusal("edit.how", picture=press.target)
    await redrawing.by_sentence(studio, press, press.target, sentence)


async def favourite(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    text = row.recipe.prompt.text
    name = press.values.get("name", "").strip() or await _free_name(studio.db, press.person, text)
    await favourites.save(studio.db, press.person.id, name, text, row.recipe, row.id)
    await pictures.set_favourite(studio.db, row.id, True)
    return cards.notice("favourites.saved", name=name)


async def _free_name(db: Database, person: Person, text: str) -> str:
    """The beginning of a text, numbered where that name is taken."""
    start = " ".join(text.split())[:NAME_LENGTH].strip() or "1"
    taken = {one.name.casefold() for one in await favourites.listed(db, person.id, limit=10_000)}
    names = itertools.chain([start], (f"{start} {number}" for number in itertools.count(2)))
    return next(name for name in names if name.casefold() not in taken)


async def recipe(studio: Studio, press: Press) -> Card:
    return await own(studio, press, press.target)


async def original(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    spoiler = await veiled(studio.sight, studio.rules.access, press, [row])
    return Card(text=Say("picture.original"), pictures=(cards.shown(row),), originals=True, spoiler=spoiler)


async def delete(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    await pictures.delete(studio.db, row.id)
    kept = await jobs.get(studio.db, row.job) if row.job else None
    if kept and kept.place.platform in studio.chats:
        with suppress(Gone, Unreachable):  # somebody took the message away before
            await studio.chats[kept.place.platform].edit(kept.place, await last_cards.last_card(studio.db, kept))
    return cards.notice("picture.deleted")


PRESSES: Mapping[str, Callable[[Studio, Press], Awaitable[Card | None]]] = {
    press.__name__: press
    for press in (
        cancel,
        again_all,
        retry,
        use,
        edit,
        favourite,
        recipe,
        share,
        unshare,
        draw,
        original,
        with_lora,
        without_lora,
        mend,
        mend_all,
        older,
        delete,
    )
}
