"""Favourites drawn: as they stand, or with their place-holders filled."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat import Button, Card, Press, Request, Say
from bot.studio.named_favourites import with_values
from bot.studio.studio import Studio
from prompts.placeholders import filled, missing, placeholders, values_of
from prompts.prompt import Note
from storage import favourites
from storage.favourites import Favourite

SAID = "said"  # under which a form's values stand as one text, where a platform asks by a question


async def use(studio: Studio, press: Press) -> Card | None:
    """Draw a favourite with what a form says for its place-holders; where something is missing, it is asked for."""
    kept = await favourites.find_favourite(studio.db, press.person.id, press.target)
    names = [one.name for one in placeholders(kept.text)]
    values = values_of(press.values[SAID], names) if SAID in press.values else press.values
    if missing(kept.text, values):
        return asked(kept)
    await draw(studio, _request(press, kept), kept, values)
    return None


async def use_as_it_stands(studio: Studio, press: Press) -> None:
    """Draw a favourite with its braces as they are: they may be meant otherwise."""
    kept = await favourites.find_favourite(studio.db, press.person.id, press.target)
    await favourites.touch(studio.db, kept.id)
    await studio.imagine(_request(press, kept), filled(kept.text, {}))


def asked(kept: Favourite) -> Card:
    """What is to be filled in, and how."""
    left = missing(kept.text, {})
    return Card(
        text=Say(
            "favourites.fill",
            {"name": kept.name, "names": ", ".join(left), "example": " ".join(f"{name}=…" for name in left)},
        ),
        buttons=(Button("use", kept.id, label=Say("favourites.fill_in")), Button("use_as_it_stands", kept.id)),
    )


async def draw(studio: Studio, request: Request, kept: Favourite, values: Mapping[str, str]) -> None:
    """Draw a favourite, its place-holders filled. Raises Refusal `favourites.fill` for what is left open."""
    text = with_values(kept, values)
    said = {one.name.casefold(): one.usual for one in placeholders(kept.text)}
    said |= {name.casefold(): value for name, value in values.items() if value.strip() and name.casefold() in said}
    await favourites.touch(studio.db, kept.id)
    told = {"name": kept.name, "values": "; ".join(f"{name} = {value}" for name, value in said.items())}
    await studio.imagine(request, text, notes=(Note("note.filled_in", told),) if said else ())


def _request(press: Press, kept: Favourite) -> Request:
    return Request(person=press.person, place=press.place, text=kept.text, key=press.key, room=press.room)
