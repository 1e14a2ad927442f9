"""/favourites: prompts kept under a name: save, list, find, use, rename, delete."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping

from bot.buttons import using
from bot.chat import Button, Card, Field, Request, Say
from bot.commands.command import Command
from bot.people import guard
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.placeholders import missing, placeholders, values_of
from storage import favourites
from storage.favourites import Favourite
from storage.search import fold

LISTED = 20
LISTED_ALL = 500  # in which a name is looked for


async def run(studio: Studio, request: Request, rest: str) -> Card | None:
    verb, _, rest = rest.partition(" ")
    if verb and verb.lower() not in VERBS:
        raise Refusal("favourites.verb", verb=verb[:40])
    return await VERBS[verb.lower()](studio, request, rest.strip())


async def listed(studio: Studio, request: Request, words: str) -> Card:
    found = await favourites.listed(studio.db, request.person.id, words, LISTED)
    if not found:
        return Card(text=Say("favourites.nothing", {"words": words}) if words else Say("favourites.empty"))
    return Card(
        text=Say("favourites.found", {"count": len(found)}),
        fields=tuple(Field(Say("favourites.name", {"name": one.name}), one.text) for one in found),
        buttons=tuple(Button("use", one.id) for one in found),
    )


async def save(studio: Studio, request: Request, rest: str) -> Card:
    name, text = _two(rest)
    await guard.check(studio.sight, request.person.id, text)
    await favourites.save(studio.db, request.person.id, name, text)
    return Card(text=Say("favourites.saved", {"name": name}))


async def use(studio: Studio, request: Request, rest: str) -> Card | None:
    """Draw it; one with place-holders that nothing is said for is asked about."""
    found, said = await _with_said(studio, request.person.id, _one(rest))
    names = [one.name for one in placeholders(found.text)]
    values = values_of(said, names)
    if missing(found.text, values):
        return using.asked(found)
    await using.draw(studio, request, found, values)
    return None


async def rewrite(studio: Studio, request: Request, rest: str) -> Card:
    name, text = _two(rest)
    await guard.check(studio.sight, request.person.id, text)
    found = await favourites.rewrite(studio.db, request.person.id, name, text)
    return Card(text=Say("favourites.rewritten", {"name": found.name, "text": found.text}))


async def _with_said(studio: Studio, person: str, rest: str) -> tuple[Favourite, str]:
    """The favourite that a line names, and what it says behind the name: in quotes where that has spaces, up to a value
    of its own, or the first word where that alone names one."""
    if rest[:1] in "\"'":
        name, behind = _quoted_name(rest)
        return await favourites.find_favourite(studio.db, person, name), behind
    known = await favourites.listed(studio.db, person, limit=LISTED_ALL)
    whole = fold(rest)
    for one in sorted(known, key=lambda one: len(one.name), reverse=True):
        name = fold(one.name)
        if whole == name or (whole.startswith(f"{name} ") and placeholders(one.text)):
            return one, "".join(rest.split(None, len(name.split()))[len(name.split()) :])
    return await favourites.find_favourite(studio.db, person, rest), ""


async def rename(studio: Studio, request: Request, rest: str) -> Card:
    old, new = _two(rest)
    found = await favourites.find_favourite(studio.db, request.person.id, old)
    await favourites.rename(studio.db, request.person.id, found.id, new)
    return Card(text=Say("favourites.renamed", {"old": found.name, "new": new}))


async def delete(studio: Studio, request: Request, name: str) -> Card:
    found = await favourites.find_favourite(studio.db, request.person.id, _one(name))
    await favourites.delete(studio.db, request.person.id, found.id)
    return Card(text=Say("favourites.deleted", {"name": found.name}))


def _one(name: str) -> str:
    name = name.strip()
    if name[:1] not in "\"'" or (name.count(name[:1]) == 2 and name.endswith(name[:1])):
        name = name.strip("\"'“”「」")
    if not name:
        raise Refusal("favourites.usage")
    return name


def _quoted_name(rest: str) -> tuple[str, str]:
    name, text = rest[1:].split(rest[0], 1) if rest.count(rest[0]) > 1 else (rest[1:], "")
    return name.strip(), text.strip()


def _two(rest: str) -> tuple[str, str]:
    """A name (quoted where it has spaces) and the rest."""
    try:
        name = shlex.split(rest)[0] if rest[:1] in "\"'" else rest.split()[0]
    except (ValueError, IndexError):
        raise Refusal("favourites.usage") from None
    text = rest[len(name) + 2 :] if rest[:1] in "\"'" else rest[len(name) :]
    return name, _one(text)


VERBS: Mapping[str, Callable[[Studio, Request, str], Awaitable[Card | None]]] = {
    **dict.fromkeys(("", "list", "find", "search", "列表", "搜索", "找"), listed),
    **dict.fromkeys(("save", "add", "保存", "存"), save),
    **dict.fromkeys(("use", "draw", "用", "画"), use),
    **dict.fromkeys(("rewrite", "change", "改", "改写", "改成"), rewrite),
    **dict.fromkeys(("rename", "改名"), rename),
    **dict.fromkeys(("delete", "remove", "删除", "删"), delete),
}
COMMAND = Command("favourites", ("favorites", "收藏", "收藏夹"), run)
