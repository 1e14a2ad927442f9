"""A property that a sentence gives to several things at once ("头发和眼睛都改成红色"), and one that it gives in several
words ("shaped like a butterfly")."""

from __future__ import annotations

import re

from prompts.edit.groups import tells
from prompts.edit.rivals import kind_of
from prompts.translate.chinese import CHINESE

_COLOUR_ZH = re.compile("[^,，和]{0,3}(?:[色红橙黄绿青蓝紫粉黑白灰棕金银](?<![金银]))的?|[金银]色?的?")
_THE = re.compile("^(?:the|her|his|its|their|my) ")


def alike(target: str, value: str, between: re.Pattern[str]) -> tuple[str, ...]:
    """The things that are each to be of one colour or material; the target alone where the value is another thing."""
    things = tuple(_THE.sub("", one.strip()) for one in between.split(target))
    if len(things) < 2 or not all(things):
        return (target,)
    if CHINESE.search(value):
        told = _COLOUR_ZH.fullmatch(value) is not None and not any(map(_COLOUR_ZH.fullmatch, things))
    else:
        told = kind_of(value.split()[-1]) in ("colour", "material") and not any(
            tells(one.split()[-1]) for one in things
        )
    return things if told else (target,)


def each_so(words: str) -> tuple[str, ...]:
    """ "hair and eyes red" as "hair red" and "eyes red"; the words themselves where they are of one thing."""
    first, joined, last = words.rpartition(" and ")
    *name, how = last.split() or [""]
    if not joined or not name or not tells(how):
        return (words,)
    things = [_THE.sub("", one.strip()) for one in (*re.split(r",| and ", first), " ".join(name))]
    if not all(things) or any(tells(one.split()[-1]) or len(one.split()) > 3 for one in things):
        return (words,)
    return tuple(f"{one} {how}" for one in things)


_SHAPED = re.compile(r"\b(?P<what>[a-z]+) shaped$")


def shaped(clause: str) -> str:
    """A clause with what a thing is shaped like in one word: "the kite butterfly-shaped"."""
    return _SHAPED.sub(r"\g<what>-shaped", clause)
