"""Things whose name is made of two, written in one word: a longsword is a sword."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import opposites, sorts
from prompts.edit.words import singular
from prompts.prompt import Fragment
from prompts.tags import entry_of


def in_one_word(fragments: Sequence[Fragment], tags: Sequence[str]) -> tuple[list[int], str] | None:
    """The one thing whose name ends with what a tag names and is written in one word: the "longsword" that
    is a sword. None where there is none, or more than one."""
    for tag in tags:
        noun = singular(opposites.plain(tag))
        if len(noun) < 4 or not noun.isalpha():
            continue
        found = {
            at: word
            for at, one in enumerate(fragments)
            for word in map(singular, re.findall(r"[a-z]+", opposites.plain(one.text)))
            if one.origin != "preset" and word.endswith(noun) and word != noun and _joins(word.removesuffix(noun), word)
        }
        if len(found) == 1:
            return [*found], next(iter(found.values()))
    return None


def _joins(first: str, whole: str) -> bool:
    """Whether a word before another makes a name with it that no list knows: a mushroom is known, and no room."""
    known = sorts.kind_of(first) or sorts.is_adjective(first) or entry_of(first)
    return len(first) > 2 and bool(known) and not sorts.kind_of(whole) and not entry_of(whole)
