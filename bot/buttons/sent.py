"""What becomes of a picture that came without a word: it is painted over, or drawn again by the recipe in its file."""

from __future__ import annotations

import asyncio

from bot.chat import Press, Request, Upload
from bot.people import owned
from bot.studio.studio import Studio
from engine.pixels import png_recipe
from prompts.errors import Refusal
from storage import uploads, wishes
from storage.wishes import Wish


async def paint_over(studio: Studio, press: Press) -> None:
    """Draw over the pictures what `values["prompt"]` says. Raises Refusal `sent.how` where it says nothing,
    `sent.gone`."""
    wish, files = await _kept(studio, press)
    text = press.values.get("prompt", "").strip()
    if not text:
        raise Refusal("sent.how")
    request = Request(
        person=press.person,
        place=press.place,
        text=text,
        key=press.key,
        files=files,
        options=wish.options,
        negative=wish.negative,
        room=press.room,
    )
    await studio.imagine(request, text)


async def use_recipe(studio: Studio, press: Press) -> None:
    """Draw the recipe that the file of the picture holds. Raises Refusal `sent.no_recipe`, `sent.gone`, and `sent.base`
    for one that draws over a file that is not there, or is somebody else's."""
    _, files = await _kept(studio, press)
    made = await asyncio.to_thread(png_recipe.read_recipe, files[0].content)
    if made is None:
        raise Refusal("sent.no_recipe")
    for file in made.source.files if made.source else ():
        if not await uploads.has(studio.db, press.person.id, file):
            raise Refusal("sent.base")
    await studio.fitting(made.prompt, await studio.model(made.model))
    await studio.submit(press, (made,))


async def _kept(studio: Studio, press: Press) -> tuple[Wish, tuple[Upload, ...]]:
    """What was kept, and its files; a file is kept for a day."""
    wish = await wishes.get(studio.db, press.target)
    if wish is None or not wish.files:
        raise Refusal("sent.gone")
    owned.owner_or_admin(press.person, wish.person)
    try:
        return wish, tuple([Upload("", await studio.db.files.get(file)) for file in wish.files])
    except Refusal:
        raise Refusal("sent.gone") from None
