"""What people share under a code: the buttons that share a picture, take it back, and draw what somebody shared."""

from __future__ import annotations

from dataclasses import replace

from bot.buttons import redrawing
from bot.chat import Button, Card, Press, Request, Say
from bot.people import access, owned
from bot.studio import cards
from bot.studio.studio import Studio
from engine.recipe import Recipe
from prompts.errors import Refusal
from storage import shares
from storage.database import Database
from storage.pictures import PictureRow


async def own(studio: Studio, asked: Request | Press, picture: str) -> Card:
    """The recipe of one's own picture, and the button that shares it."""
    row = await owned.picture(studio.db, asked.person, picture)
    spoiler = await access.veiled(studio.sight, studio.rules.access, asked, [row])
    return replace(cards.picture_card(row), buttons=(Button("share", row.id),), spoiler=spoiler)


async def recipe_of(db: Database, row: PictureRow) -> Recipe:
    """The recipe that draws a shared picture. One with a source needs a file that its owner has not shared."""
    return (await redrawing.origin(db, row)).recipe


async def share(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    code = await shares.share(studio.db, row.id)
    if code is None:
        raise Refusal("picture.gone")
    return Card(text=Say("share.made", {"code": code}), buttons=(Button("unshare", code),), share=code)


async def unshare(studio: Studio, press: Press) -> Card:
    row = await shares.opened(studio.db, press.target)
    if row is None:
        raise Refusal("share.unknown")
    owned.owner_or_admin(press.person, row.person)
    await shares.take_back(studio.db, press.target)
    return cards.notice("share.taken_back")


async def draw(studio: Studio, press: Press) -> None:
    """Draw the recipe that somebody shared, at the cost of whoever presses."""
    row = await shares.opened(studio.db, press.target)
    if row is None:
        raise Refusal("share.unknown")
    made = await recipe_of(studio.db, row)
    if made.files and row.person != press.person.id:
        raise Refusal("share.source")
    model = await studio.model(made.model)
    await studio.fitting(made.prompt, model)
    await studio.submit(press, (made,))
