"""Favourites within a text: "#portrait(who=an old man), at night" is drawn with what is kept under that name."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

from prompts.compose import LIMIT, within
from prompts.errors import Refusal
from prompts.infotext import reading
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
    """The text with the words of every favourite of the person that it names; a sign before anything else stays, and
    so does an infotext. Raises Refusal `favourites.fill` where a place-holder is left open, `prompt.too_long`."""
    if not _SIGN.search(text) or len(text) > LIMIT or reading.pasted(reading.as_block(text)):
        return text
    known = {fold(one.name): one for one in await favourites.listed(db, person, limit=LISTED)}
    lengths = sorted({len(one.name) for one in known.values()}, reverse=True)
    parts: list[str] = []
    done = count = 0
    for sign in _SIGN.finditer(text):
        if sign.start() < done or count == MOST:
            continue
        end = _end(text, sign.end(), known, lengths)
        if not end:
            continue
        kept = known[fold(text[sign.end() : end])]
        values = _VALUES.match(text, end) if placeholders(kept.text) else None
        parts += text[done : sign.start()], with_values(kept, values[1] if values else "")
        done, count = values.end() if values else end, count + 1
    made = "".join((*parts, text[done:]))
    within(made)
    return made


def with_values(kept: Favourite, said: str | Mapping[str, str]) -> str:
    """A favourite's words with its place-holders filled by what somebody says. Raises Refusal `favourites.fill` for
    those that are left open."""
    names = [one.name for one in placeholders(kept.text)]
    values = values_of(said, names) if isinstance(said, str) else said
    if left := missing(kept.text, values):
        raise Refusal("favourites.fill", name=kept.name, names=", ".join(left), example=f"{left[0]}=…")
    return filled(kept.text, values)


def _end(text: str, at: int, known: Container[str], lengths: Sequence[int]) -> int:
    """Where the longest name ends that stands at a place of a text, 0 for none."""
    for end in (at + length for length in lengths):
        last = text[end - 1 : end]
        if not (last.isspace() or (last.isalnum() and text[end : end + 1].isalnum())) and fold(text[at:end]) in known:
            return min(end, len(text))
    return 0
