"""Rules that the published description leaves to prose: lengths together, components, modals, commands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from discord import Locale

from tests.peers.discord.message import COMPONENTS_V2, inner
from tests.peers.discord.refusal import Breach
from tests.peers.discord.state import Json

TEXT, EMBEDS = 2000, 6000
ROWS, PARTS, V2_TEXT = 5, 40, 4000
GLOBAL_COMMANDS, MENUS, COMMAND_TEXT, CHOICES = 100, 15, 8000, 25
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, WORDS = 1, 2, 3, 4, 10
SELECTS = (3, 5, 6, 7, 8)
LINK, PREMIUM = 5, 6
LOCALES = frozenset(locale.value for locale in Locale)


def message(text: str, embeds: Sequence[Json], components: Sequence[Json], flags: int, files: Sequence[str]) -> None:
    """Refuse what a message may not be; `files` are the names of all its attachments."""
    if len(text) > TEXT:
        raise Breach(f"content: {len(text)} characters where {TEXT} are allowed")
    if len(files) > 10:
        raise Breach(f"{len(files)} files where 10 are allowed")
    if flags & COMPONENTS_V2 and (text or embeds):
        raise Breach("content and embeds cannot go with IS_COMPONENTS_V2")
    if (total := sum(map(_length, embeds))) > EMBEDS:
        raise Breach(f"embeds: {total} characters in all where {EMBEDS} are allowed")
    for url in _addresses([*embeds, *components]):
        if url.startswith("attachment://") and url[13:] not in files:
            raise Breach(f"{url} names no file of the message")
        if not url.startswith(("attachment://", "http://", "https://")):
            raise Breach(f"{url!r} is no address")
    _components(components, bool(flags & COMPONENTS_V2))


def _length(embed: Json) -> int:
    """The characters of an embed that count."""
    words = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    words += [(embed.get("author") or {}).get("name")]
    words += [one[name] for one in embed.get("fields") or () for name in ("name", "value")]
    return sum(len(one or "") for one in words)


def _addresses(value: object) -> Iterator[str]:
    match value:
        case dict():
            for name, one in value.items():
                if name in ("url", "icon_url") and isinstance(one, str):
                    yield one
                else:
                    yield from _addresses(one)
        case list():
            for one in value:
                yield from _addresses(one)


def _components(components: Sequence[Json], v2: bool) -> None:
    every = inner(components)
    if len(every) > PARTS:
        raise Breach(f"{len(every)} components where {PARTS} are allowed")
    if not v2 and any(one["type"] != ROW for one in components):
        raise Breach("components other than rows need IS_COMPONENTS_V2")
    if not v2 and len(components) > ROWS:
        raise Breach(f"{len(components)} rows where {ROWS} are allowed")
    if (total := sum(len(one["content"]) for one in every if one["type"] == WORDS)) > V2_TEXT:
        raise Breach(f"text components: {total} characters where {V2_TEXT} are allowed")
    ids = [one["custom_id"] for one in every if one.get("custom_id")]
    if twice := {id for id in ids if ids.count(id) > 1}:
        raise Breach(f"custom_id {sorted(twice)} is used twice")
    for one in every:
        if one["type"] == ROW and len(one["components"]) > 1 and any(b["type"] != BUTTON for b in one["components"]):
            raise Breach("a row holds five buttons or one select")
        if one["type"] == BUTTON:
            _button(one)
        elif one["type"] in SELECTS:
            _select(one)


def _button(one: Json) -> None:
    link, premium = one["style"] == LINK, one["style"] == PREMIUM
    if link != bool(one.get("url")) or (link or premium) == bool(one.get("custom_id")):
        raise Breach(f"a button has a custom_id, or as a link a url: {one}")
    if not (one.get("label") or one.get("emoji") or premium):
        raise Breach(f"a button without label and emoji: {one}")


def _select(one: Json) -> None:
    if one["type"] != STRING_SELECT:
        return
    values = [option["value"] for option in one["options"]]
    least, most = one.get("min_values"), one.get("max_values")
    least, most = 1 if least is None else least, 1 if most is None else most
    if not 1 <= len(values) <= CHOICES:
        raise Breach(f"a select with {len(values)} options")
    if len(set(values)) < len(values):
        raise Breach(f"a select with the same value twice: {values}")
    if least > most or most > len(values):
        raise Breach(f"a select of {least} to {most} among {len(values)}")
    if sum(bool(option.get("default")) for option in one["options"]) > most:
        raise Breach("a select with more defaults than may be chosen")


def modal(data: Json) -> None:
    """Refuse what a modal may not be."""
    if len(data["components"]) > ROWS:
        raise Breach(f"a modal with {len(data['components'])} parts where {ROWS} are allowed")
    inputs = [one for one in inner(data["components"]) if "custom_id" in one]
    ids = [one["custom_id"] for one in inputs]
    if len(set(ids)) < len(ids):
        raise Breach(f"a modal with the same custom_id twice: {ids}")
    for one in inputs:
        if one["type"] == STRING_SELECT:
            _select(one)
        if one["type"] == TEXT_INPUT and len(one.get("value") or "") > (one.get("max_length") or 4000):
            raise Breach(f"{one['custom_id']} is longer than it may be")
    for row in data["components"]:
        if row["type"] == ROW and (len(row["components"]) != 1 or not row["components"][0].get("label")):
            raise Breach("a row of a modal holds one input with a label")


def commands(given: Sequence[Json]) -> None:
    """Refuse what a set of commands may not be."""
    kinds = [one.get("type") or 1 for one in given]
    if kinds.count(1) > GLOBAL_COMMANDS or kinds.count(2) > MENUS or kinds.count(3) > MENUS:
        raise Breach("too many commands", 30034)
    names = list(zip(kinds, (one["name"] for one in given), strict=True))
    if len(set(names)) < len(names):
        raise Breach("two commands have one name")
    for kind, one in zip(kinds, given, strict=True):
        if kind == 1:
            _described(one)
            if (size := _size(one)) > COMMAND_TEXT:
                raise Breach(f"{one['name']}: {size} characters in all where {COMMAND_TEXT} are allowed")
        elif one.get("description") or one.get("options"):
            raise Breach(f"{one['name']}: a menu has no description or options")


def _described(one: Json) -> None:
    for name in (one["name"], *(one.get("name_localizations") or {}).values()):
        if not 1 <= len(name) <= 32 or name != name.lower() or not all(map(_named, name)):
            raise Breach(f"{name!r} is no name for a command or option")
    for words in (one.get("description"), *(one.get("description_localizations") or {}).values()):
        if not words or len(words) > 100:
            raise Breach(f"{one['name']}: a description has 1 to 100 characters, not {words!r}")
    for table in ("name_localizations", "description_localizations"):
        if unknown := set(one.get(table) or {}) - LOCALES:
            raise Breach(f"{one['name']}: {table} for {sorted(unknown)}")
    options = one.get("options") or ()
    names = [option["name"] for option in options]
    if len(options) > 25 or len(set(names)) < len(names):
        raise Breach(f"{one['name']}: options {names}")
    if sorted(options, key=lambda option: not option.get("required")) != list(options):
        raise Breach(f"{one['name']}: required options come first")
    for option in options:
        if option.get("autocomplete") and option.get("choices"):
            raise Breach(f"{option['name']}: choices and autocomplete exclude each other")
        _described(option)


def _named(letter: str) -> bool:
    return letter in "-_'" or unicodedata.category(letter)[0] in "LN" or re.match(r"[ऀ-ॿ฀-๿]", letter) is not None


def _size(one: Json) -> int:
    """The characters that count against a command: of every text its longest translation."""
    size = 0
    for name in ("name", "description"):
        texts = [one.get(name) or "", *(one.get(f"{name}_localizations") or {}).values()]
        size += max(map(len, texts))
    for choice in one.get("choices") or ():
        size += max(map(len, [choice["name"], *(choice.get("name_localizations") or {}).values()]))
        size += len(str(choice["value"]))
    return size + sum(map(_size, one.get("options") or ()))
