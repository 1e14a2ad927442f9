"""The pictures that somebody searched for, page by page; the button that brings the next one keeps what was asked."""

from __future__ import annotations

from bot.chat import Button, Card, Press, Request, Say
from bot.people.access import veiled
from bot.studio.cards import shown
from bot.studio.picture_filter import PictureFilter, described, filtered, read_filter, written
from bot.studio.studio import Studio
from prompts.errors import Refusal
from storage import pictures, wishes
from storage.wishes import Wish

SHOWN = 9  # a grid of three by three


async def found(studio: Studio, asked: Request | Press, text: str) -> Card:
    """The newest of a person's pictures that a line asks for."""
    models = await pictures.models_used(studio.db, asked.person.id)
    return await _page(studio, asked, read_filter(text, studio.now().astimezone().date(), models))


async def older(studio: Studio, press: Press) -> Card:
    """The next page: the target is what was searched for and the last picture shown."""
    kept, _, last = press.target.partition(".")
    row, wish = await pictures.get(studio.db, last), await wishes.get(studio.db, kept) if kept else None
    if row is None or (kept and wish is None) or row.person != press.person.id:
        raise Refusal("history.cursor")
    wanted = read_filter(wish.text, studio.now().astimezone().date()) if wish else PictureFilter()
    return await _page(studio, press, wanted, kept, before=pictures.cursor(row))


async def _page(
    studio: Studio, asked: Request | Press, wanted: PictureFilter, kept: str = "", *, before: str | None = None
) -> Card:
    page = await filtered(studio.db, asked.person.id, wanted, before=before, limit=SHOWN)
    what = described(wanted, asked.person.language)
    if not page.pictures:
        return Card(text=Say("history.nothing", {"what": what}) if what else Say("history.empty"))
    buttons = tuple(Button("recipe", row.id) for row in page.pictures)
    if page.next:
        if what and not kept:
            kept = await wishes.keep(studio.db, Wish(person=asked.person.id, text=written(wanted)))
        buttons += (Button("older", f"{kept}.{page.pictures[-1].id}"),)
    values: dict[str, str | int | float] = {"count": len(page.pictures)}
    return Card(
        text=Say("history.matching", values | {"what": what}) if what else Say("history.found", values),
        pictures=tuple(map(shown, page.pictures)),
        buttons=buttons,
        spoiler=await veiled(studio.sight, studio.rules.access, asked, page.pictures),
    )
