"""Favourites within a text: "#portrait(who=an old man), at night" is drawn with what is kept under that name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.errors import Refusal
from prompts.placeholders import filled, missing, placeholders, values_of
from storage import favourites
from storage.database import Database
from storage.favourites import Favourite
from storage.search import fold

MOST = 8  # in one text
LISTED = 500  # favourites of somebody that are looked at
_SIGN = re.compile(r"[#＃](?=[^\s#＃])")
_VALUES = re.compile(r"[(（]((?:[^()（）]|[(（][^()（）]*[)）])*)[)）]")


async def put_in(db: Database, person: str, text: str) -> str:
    """The text with the words of every favourite of the person that it names; a sign before anything else stays. Raises
    Refusal `favourites.fill` where a place-holder is left open."""
    if not _SIGN.search(text):
        return text
    known = {one.name: one for one in await favourites.listed(db, person, limit=LISTED)}
    names = sorted(known, key=len, reverse=True)
    at = 0
    for _ in range(MOST):
        found = next((one for one in _SIGN.finditer(text, at) if _named(text, one.end(), names)), None)
        if found is None:
            break
        name = _named(text, found.end(), names)
        kept, end = known[name], found.end() + len(name)
        values = _VALUES.match(text, end) if placeholders(kept.text) else None
        said = with_values(kept, values[1] if values else "")
        text = f"{text[: found.start()]}{said}{text[values.end() if values else end :]}"
        at = found.start() + len(said)
    return text


def with_values(kept: Favourite, said: str | Mapping[str, str]) -> str:
    """A favourite's words with its place-holders filled by what somebody says. Raises Refusal `favourites.fill` for
    those that are left open."""
    names = [one.name for one in placeholders(kept.text)]
    values = values_of(said, names) if isinstance(said, str) else said
    if left := missing(kept.text, values):
        raise Refusal("favourites.fill", name=kept.name, names=", ".join(left), example=f"{left[0]}=…")
    return filled(kept.text, values)


def _named(text: str, at: int, names: list[str]) -> str:
    """The longest name that stands at a place of a text and ends there, "" for none."""
    for name in names:
        end = at + len(name)
        if fold(text[at:end]) == fold(name) and not (text[end : end + 1].isalnum() and name[-1:].isalnum()):
            return name
    return ""
