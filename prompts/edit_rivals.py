"""What a new tag takes the place of: another number of the same thing, other hair, another place."""

from __future__ import annotations

import re

from prompts import grammar, opposites
from prompts.edit_targets import head, singular
from prompts.nouns import with_articles
from prompts.tags import entry_of


def kind_of(word: str) -> str:
    entry = entry_of(word)
    return entry.category if entry else ""


_NUMBER = re.compile(
    r"(?P<number>an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+)\s?(?P<what>(?:[a-z]+ )*?[a-z]{3,})"
)


def counts(text: str) -> str:
    """What a fragment counts ("two cats", "1girl": cat, girl); empty for one that counts nothing."""
    counted = _NUMBER.fullmatch(grammar.bare(text).lower())
    return singular(counted["what"]) if counted else ""


def recounted(text: str, tag: str) -> str:
    """A sentence that begins with a number of things, with another number of them; empty where it does not."""
    new, old = _NUMBER.fullmatch(tag.lower()), _NUMBER.match(text)
    if not new or not old or old["number"] == new["number"]:
        return ""
    rest = text[old.end("number") :].lstrip()
    what = new["what"]
    return f"{tag}{rest[len(what) :]}" if re.match(rf"{what}\b", rest) else ""


def regrown(text: str, tag: str) -> str:
    """A sentence with other hair or eyes: "a girl with long hair" with short hair; empty where it has none."""
    adjective, _, noun = opposites.plain(tag).rpartition(" ")
    slot, words = opposites.slot(tag), text.split(" ")
    if noun not in ("hair", "eyes") or noun not in words or not slot or text == tag:
        return ""
    at = words.index(noun)
    for back in range(at - 1, max(at - 4, -1), -1):
        if opposites.slot(f"{words[back]} {noun}") == slot:
            return with_articles(" ".join([*words[:back], adjective, *words[back + 1 :]]))
    return ""


def slot_of(text: str) -> str | None:
    """What a fragment decides, of a place also by its last word: "in a snowy forest"."""
    if (found := opposites.slot(text)) or opposites.without_lead(text) == text:
        return found
    return "place" if opposites.slot(head(text)) == "place" else None


def dressed(text: str) -> str:
    """The thing of a fragment that is only a thing with colours and materials: "armor" of "silver armor"."""
    *properties, thing = opposites.plain(text).split() or [""]
    return thing if properties and {kind_of(one) for one in properties} <= {"colour", "material"} else ""
