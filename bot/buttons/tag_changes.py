"""What each button of a tag table does to it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.chat import Press, Request, common
from bot.people import guard
from bot.studio.studio import Studio
from prompts import tag_changes
from prompts.blocked_tags import is_blocked
from prompts.compose import LIMIT
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from prompts.tag_neighbours import TagNeighbour, called, neighbours
from prompts.tag_rows import TagRow, loras_in
from prompts.tag_table import TagTable
from prompts.tags import part_of
from prompts.translate.chinese import CHINESE
from storage import kept_tags

FARTHEST = 300  # places that a row is moved at once


@dataclass(frozen=True, slots=True)
class Touched:
    """What somebody did to a table: to which row, what is said behind it, the words that came with it,
    and those that are not wanted in the picture."""

    what: str
    row: int = 0
    more: str = ""
    text: str = ""
    unwanted: str = ""


def code(text: str) -> str:
    """What stands for a tag on a button, where it may not fit."""
    return f"{zlib.crc32(text.encode()):08x}"


Change = Callable[[Studio, "Request | Press", TagTable, Touched], Awaitable[TagTable]]


async def _more(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.weighed(table, touched.row, 1)


async def _less(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.weighed(table, touched.row, -1)


async def _off(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.switched(table, touched.row)


async def _lock(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.locked(table, touched.row)


async def _up(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.moved(table, touched.row, -1)


async def _down(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    return tag_changes.moved(table, touched.row, 1)


async def _move(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """As far as is said: "3", "-2"."""
    sign, digits = (-1, touched.more[1:]) if touched.more.startswith("-") else (1, touched.more)
    if not digits.isdecimal():
        raise Refusal("press.unknown")
    return tag_changes.moved(table, touched.row, sign * min(int(digits), FARTHEST))


async def _keep(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """As it was written, or translated again; what was drawn as it was written before is translated now."""
    row = _row(table, touched)
    if row.translated or row.kept or not CHINESE.search(row.text):
        return tag_changes.kept(table, row.id)
    found = (await _read(studio, asked, table, row.text)).fragments
    if not found or CHINESE.search(found[0].text):
        raise Refusal("prompt.not_understood", words=row.text[:80])
    return tag_changes.exchanged(table, row.id, replace(found[0], source=row.text))


async def _star(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """On the person's list of favourite tags, or off it."""
    row = _row(table, touched)
    text = str(row.use()) if row.lora else row.said
    if await kept_tags.remove(studio.db, asked.person.id, "favourite", text) is None:
        await kept_tags.add(studio.db, asked.person.id, "favourite", text, _name(row))
    return table


async def _block(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """Never drawn for this person again, and out of this prompt; or drawn again."""
    row = _row(table, touched)
    if row.side != "positive":
        raise Refusal("tags.blocks_wanted")
    blocked = await kept_tags.blocked(studio.db, asked.person.id)
    if is_blocked(row, blocked):
        for words in filter(None, (row.said, row.source)):
            await kept_tags.remove(studio.db, asked.person.id, "blocked", words)
        return tag_changes.switched(table, row.id, off=False)
    table = tag_changes.switched(table, row.id, off=True)  # refused for a locked one, before it is on the list
    await kept_tags.add(studio.db, asked.person.id, "blocked", row.said, _name(row))
    return table


async def _swap(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """A neighbour in the place of a tag, or what somebody wrote."""
    row = _row(table, touched)
    if touched.text.strip():
        found = await _read(studio, asked, table, touched.text)
        some = found.negatives or found.fragments
        if len(some) != 1:
            raise Refusal("tags.one_for_one", words=touched.text.strip()[:80])
        return tag_changes.exchanged(table, row.id, replace(some[0], weight=row.weight))
    near = await asyncio.to_thread(neighbours, row.said)
    chosen = next((one for one in near if code(one.text) == touched.more), None)
    if chosen is None:
        raise Refusal("press.unknown")
    return tag_changes.exchanged(table, row.id, _fragment(chosen))


async def _add(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """More tags, as somebody wrote them in any language; `<lora:…>`, too."""
    if not touched.text.strip() and not touched.unwanted.strip():
        raise Refusal("tags.add_how")
    for text, negative in ((touched.text, False), (touched.unwanted, True)):
        table = await _with_words(studio, asked, table, text, negative=negative) if text.strip() else table
    return table


async def _fav(studio: Studio, asked: Request | Press, table: TagTable, touched: Touched) -> TagTable:
    """One of the favourite tags."""
    listed = await kept_tags.listed(studio.db, asked.person.id, "favourite")
    one = next((one for one in listed if code(one.tag) == touched.more), None)
    if one is None:
        raise Refusal("press.unknown")
    if CHINESE.search(one.source) and not one.tag.startswith("<"):
        await guard.check(studio.sight, asked.person.id, one.tag)
        return tag_changes.added(table, (Fragment(one.tag, part=part_of(one.tag), source=one.source),), (), ())
    return await _with_words(studio, asked, table, one.tag)


async def _with_words(
    studio: Studio, asked: Request | Press, table: TagTable, text: str, *, negative: bool = False
) -> TagTable:
    rest, loras = loras_in(text)
    found = await _read(studio, asked, table, rest) if rest.strip(" ,，、") else Prompt("", ())
    wanted, unwanted = found.fragments, found.negatives
    if negative:
        wanted, unwanted = (), (*wanted, *unwanted)
    return tag_changes.added(table, wanted, unwanted, loras)


async def _read(studio: Studio, asked: Request | Press, table: TagTable, text: str) -> Prompt:
    """Words as tags, nothing added. Raises Refusal for what is never drawn beside the others, or not understood."""
    from prompts.edit.asked import unasked  # only now: their many patterns take a while to compile
    from prompts.edit.targets import WordReader

    beside = ", ".join(row.said for row in table.side("positive"))
    await guard.check(studio.sight, asked.person.id, text, beside[:LIMIT])
    translators = await studio.translators(asked.person, common(asked))
    found = await WordReader(unasked(translators), "sd15").prompt(text)
    if found is None:
        raise Refusal("prompt.not_understood", words=text.strip()[:80])
    return found.own


def _fragment(one: TagNeighbour) -> Fragment:
    return Fragment(one.text, origin="glossary" if one.chinese else "person", source=one.chinese)


def _name(row: TagRow) -> str:
    return row.source if CHINESE.search(row.source) else "" if row.lora else called(row.text)


def _row(table: TagTable, touched: Touched) -> TagRow:
    row = table.row(touched.row)
    if row is None or row.sign:
        raise Refusal("press.unknown")
    return row


CHANGES: Mapping[str, Change] = {
    "more": _more,
    "less": _less,
    "off": _off,
    "lock": _lock,
    "up": _up,
    "down": _down,
    "move": _move,
    "keep": _keep,
    "star": _star,
    "block": _block,
    "swap": _swap,
    "add": _add,
    "fav": _fav,
}
