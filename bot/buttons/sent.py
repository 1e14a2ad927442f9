"""Pictures that came without a word: they are kept, and a card asks what is to become of them; painting over them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.buttons import papers
from bot.chat import Button, Card, Press, Request, Say, Upload
from bot.people import owned
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import uploads, wishes
from storage.wishes import Wish

PAINT_OVER = "paint_over"


async def asked(studio: Studio, request: Request) -> Card:
    """The card that asks, with what the file of a single picture says of how it was drawn; the pictures and what was
    said beside them are kept for its buttons."""
    files = [await uploads.add_upload(studio.db, request.person.id, one.content) for one in request.files]
    wish = await wishes.keep(
        studio.db,
        Wish(person=request.person.id, text="", negative=request.negative, options=request.options, files=files),
    )
    paint = Button(PAINT_OVER, wish)
    if len(files) > 1:
        return Card(text=Say("sent.what_of_them", {"count": len(files)}), buttons=(paint,))
    paper = await asyncio.to_thread(papers.read, request.files[0].content)
    if paper == papers.Paper(None, None):
        return Card(text=Say("sent.what"), buttons=(paint,))
    card = await papers.of_paper(studio, request, paper, wish)
    said = Say("sent.what_with_recipe", {"code": paper.recipe.code}) if paper.recipe else card.text
    return replace(card, text=said, buttons=(paint, *card.buttons))


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
