"""Place-holders in a text that is kept: `{who}` is filled in when it is used, `{place=a street}` if nothing is said.

A choice (`{a|b}`), a variable (`${x=a}`), a turn (`{@a|b}`) and brackets in brackets (`{{best quality}}`) are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 32  # characters of a name
MOST = 5  # place-holders that are asked for in one form: Discord takes no more
_NAME = rf"[^\W\d_][\w -]{{0,{LONGEST - 1}}}?"
_PLACEHOLDER = re.compile(rf"(?<![$\\])[{{｛][ \t]*(?P<name>{_NAME})[ \t]*(?:[=＝](?P<usual>[^{{}}｛｝|$\n]*))?[}}｝]")
_BETWEEN = " \t\n,，;；、"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place-holder: its name, what stands there where nothing is said ("": it is asked for), and each way in which it
    is written in the text."""

    name: str
    usual: str
    written: tuple[str, ...]


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """The place-holders of a text, each once, in the order in which they come."""
    found: dict[str, Placeholder] = {}
    for match in filter(_is_one, _PLACEHOLDER.finditer(text)):
        name, usual = _name(match["name"]), (match["usual"] or "").strip(" \t")
        there = found.get(_key(name))
        found[_key(name)] = Placeholder(
            there.name if there else name,
            (there.usual if there else "") or usual,
            tuple(dict.fromkeys((*(there.written if there else ()), match[0]))),
        )
    return tuple(found.values())


def missing(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the place-holders that neither these values nor the text itself say anything for."""
    said = {_key(name) for name, value in values.items() if value.strip()}
    return tuple(one.name for one in placeholders(text) if not one.usual and _key(one.name) not in said)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its place-holders filled; one for which nothing is said stays as it is written."""
    said = {_key(name): " ".join(value.split()) for name, value in values.items() if value.strip()}
    said = {one.name: said.get(_key(one.name), one.usual) for one in placeholders(text)}
    known = {_key(name): value for name, value in said.items()}
    return _PLACEHOLDER.sub(lambda match: (_is_one(match) and known[_key(_name(match["name"]))]) or match[0], text)


def values_of(said: str, names: Sequence[str]) -> dict[str, str]:
    """What somebody says for these place-holders: "who=an old man place=by the sea", one a line, or only the values in
    their order, parted by commas or lines; everything, where there is one."""
    found = dict(_named(said, names))
    if found or not said.strip():
        return found
    if len(names) == 1:
        return {names[0]: said.strip()}
    lines = [part for part in re.split(r"\n+" if "\n" in said.strip() else r"[,，;；]", said) if part.strip()]
    return {name: part.strip() for name, part in zip(names, lines, strict=False)}


def rest_of(said: str, names: Sequence[str]) -> str:
    """What stands before the first value that is said by its name: the name of what is to be used."""
    heads = list(_heads(said, names))
    return said[: heads[0][1]].strip(_BETWEEN) if heads else said.strip()


def _is_one(match: re.Match[str]) -> bool:
    """Whether it stands in no brackets of its own: "{{best quality}}" is emphasis elsewhere."""
    before, behind = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return not (before in ("{", "｛") and behind in ("}", "｝"))


def _named(said: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    heads = list(_heads(said, names))
    if not heads:
        return
    for (name, _, start), end in zip(heads, [*(one[1] for one in heads[1:]), len(said)], strict=True):
        value = said[start:end].strip(_BETWEEN)
        yield name, value[1:-1] if value[:1] + value[-1:] in ('""', "“”", "「」") and len(value) > 1 else value


def _heads(said: str, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Each name that a value stands behind, where it begins and where the value does."""
    if not names:
        return
    either = "|".join(sorted((re.escape(name).replace(r"\ ", r"\s+") for name in names), key=len, reverse=True))
    by_key = {_key(name): name for name in names}
    for match in re.finditer(rf"(?:(?<=[\s,，;；、])|^)({either})\s*[=＝:：]\s*", said, re.IGNORECASE):
        yield by_key[_key(match[1])], match.start(), match.end()


def _name(text: str) -> str:
    return " ".join(text.split())


def _key(name: str) -> str:
    return _name(name).casefold()
