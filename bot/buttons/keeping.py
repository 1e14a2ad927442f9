"""The buttons that make a picture a favourite, take that back, and give a favourite another name."""

from __future__ import annotations

from collections.abc import Iterator

from bot.chat import Button, Card, Press, Say
from bot.people import owned
from bot.studio import cards, last_cards
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import favourites, jobs
from storage.pictures import PictureRow

NAME_LENGTH = 24  # characters of a text that name a favourite nobody gave a name
SIGN_LENGTH = 4  # characters of its id that tell a picture from another of the same text


async def favourite(studio: Studio, press: Press) -> Card:
    """Keep a picture; one that is kept already stays as it is. A name that is taken is asked about."""
    row = await owned.picture(studio.db, press.person, press.target)
    first, *_ = names = list(_names(row))
    kept, new = await favourites.keep(studio.db, row, press.person.id, names)
    await _renew(studio, press, row)
    key = "favourites.saved" if not new or kept.name == first else "favourites.saved_beside"
    rename = Button("rename", row.id)
    return cards.notice(key, rename, turned=_turned(press, row, "unfavourite"), name=kept.name, taken=first)


async def unfavourite(studio: Studio, press: Press) -> Card:
    row = await owned.picture(studio.db, press.person, press.target)
    gone = await favourites.take_back(studio.db, row, press.person.id)
    await _renew(studio, press, row)
    turned = _turned(press, row, "favourite")
    if gone is None:
        return cards.notice("favourites.none_of_picture", turned=turned)
    return cards.notice("favourites.taken_back", turned=turned, name=gone.name)


async def rename(studio: Studio, press: Press) -> Card:
    """Give the favourite that a picture is the name in `values`; where that is taken, it can be asked for again."""
    found = await favourites.of_picture(studio.db, press.person.id, press.target)
    if found is None:
        raise Refusal("favourites.none_of_picture")
    name = press.values.get("name", "").strip()
    if not name:
        raise Refusal("favourites.rename_how", name=found.name)
    try:
        named = await favourites.rename(studio.db, press.person.id, found.id, name)
    except Refusal as refusal:
        again = (Button("rename", press.target),)
        return Card(kind="error", text=Say(refusal.key, refusal.values), buttons=again, fleeting=True)
    return cards.notice("favourites.renamed", old=found.name, new=named.name)


def _names(row: PictureRow) -> Iterator[str]:
    """What a favourite may be called: the beginning of its text, told apart by the picture where that is taken."""
    start = " ".join(row.recipe.prompt.text.split())[:NAME_LENGTH].strip() or row.recipe.code
    yield start
    for length in range(SIGN_LENGTH, len(row.id) + 1):
        yield f"{start} · {row.id[:length]}"


def _turned(press: Press, row: PictureRow, action: str) -> str:
    """What the button stands for now: under a picture it is its owner's, whatever an admin keeps."""
    return action if press.person.id == row.person else ""


async def _renew(studio: Studio, press: Press, row: PictureRow) -> None:
    """Have the message that a picture came in show how its buttons are now."""
    kept = await jobs.get(studio.db, row.job) if row.job else None
    if kept and not kept.comparison and kept.place.message and kept.place.platform in studio.chats:
        card = await last_cards.last_card(studio.db, kept)
        await studio.chats[kept.place.platform].renew(kept.place, card, press.key)
