"""What an English tag is called in Chinese, as the glossary has it: for tables of tags in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_PLACES = "上里中下"  # "海滩上" says where; the thing is "海滩"
_JOINED = frozenset({"colour", "adjective", "material", "participle"})  # what stands before a noun in both languages


@cache
def _names() -> Mapping[str, tuple[str, str]]:
    """The first Chinese word of each tag, with its category."""
    found: dict[str, tuple[str, str]] = {}
    for word, entry in entries().items():
        tag = entry.tag.casefold()
        if CHINESE.search(word) and (tag not in found or found[tag][0] in {word + place for place in _PLACES}):
            found[tag] = (word, entry.category)
    return found


def in_chinese(tag: str) -> str:
    """The simplified Chinese for a tag ("red scarf": 红围巾), "" where the glossary has none. Of several words, one
    that colours or describes and the rest are looked up by themselves."""
    names = _names()
    text = " ".join(tag.replace("_", " ").casefold().split())
    if known := names.get(text) or names.get(text.replace("grey", "gray")) or names.get(text.replace("gray", "grey")):
        return known[0]
    first, space, rest = text.partition(" ")
    described, noun = names.get(first), in_chinese(rest) if space else ""
    return described[0] + noun if noun and described and described[1] in _JOINED else ""
