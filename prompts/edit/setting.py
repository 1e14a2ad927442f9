"""What a tag takes the place of when it comes to be: the time of day for another, a hair colour, a place, a number."""

from __future__ import annotations

import re

from prompts import grammar, opposites
from prompts.edit.draft import Change, EditDraft, add, become, instead
from prompts.edit.rivals import (
    counts,
    dressed,
    excludes,
    is_outfit,
    matter,
    moved,
    recounted,
    regrown,
    retaken,
    slot_of,
    worn_alike,
)
from prompts.edit.targets import WordReader, head, is_style, person_in
from prompts.prompt import Fragment
from prompts.translate.chinese import CHINESE

# Words of changing that no form has read: looked up sign by sign, "门刷成红色" would add a brush to the picture.
_CHANGES = re.compile("[改换删刷]|去掉|不要|弄|成|太|掉$")


# English that talks to somebody names nothing to be drawn: "it should be …", where no form has read it.
_TALKS = re.compile(
    r"\b(?:i|i'd|i'm|i'll|me|you|your|meant|should|shouldn't|would|could|can|can't|don't|doesn't|isn't|instead|rather|"
    r"change|replace|not)\b"
)


async def set_words(draft: EditDraft, words: str, reader: WordReader) -> None:
    """The tags of these words take the place of the fragments that decide the same: a time of day, a hair colour."""
    tags = await reader.tags(words)
    if (
        not tags
        or _TALKS.search(words)
        or (CHINESE.search(words) and _CHANGES.search(words) and not await reader.sure(words))
    ):
        draft.changes.append(Change("unread", words))
        return
    there = {opposites.plain(one.text) for one in draft.fragments}
    joins = any(person_in(tag.text) and opposites.plain(tag.text) in there for tag in tags)  # "男孩旁边坐着女孩"
    fresh: set[str] = set()
    for tag in tags:
        if len(tags) > 1 and opposites.plain(tag.text) in there:
            continue  # "女孩穿上红裙子": who it is about
        found = [at for at in _rivals(draft, tag) if draft.fragments[at].text not in fresh]
        found = [] if joins and person_in(tag.text) else found
        fresh.add(tag.text)
        retold = {at: said for at, one in enumerate(draft.fragments) if (said := _retold(one, tag))}
        if found:
            instead(draft, found, (tag,), words if len(tags) == 1 else tag.text)
        elif retold:
            for at, said in retold.items():
                become(draft, at, said, words)
        else:
            add(draft, tag, words if len(tags) == 1 else tag.text)


def _rivals(draft: EditDraft, tag: Fragment) -> list[int]:
    """The fragments that cannot stay beside a tag."""
    slot, groups = matter(tag.text), {side.group for side in opposites.sides(tag.text)}
    found = [
        at
        for at, one in enumerate(draft.fragments)
        if (slot and slot_of(one.text) == slot and (slot != "style" or is_style(one)) and not _ground(one, slot))
        or groups & {side.group for side in opposites.sides(one.text)}
        or (counts(tag.text) and counts(tag.text) in (counts(one.text), opposites.plain(one.text)))
        or moved(one.text, tag.text)
        or excludes(one.text, tag.text)
        or _same_ground(one, tag)
    ]
    found = [at for at in found if not _portrays(draft.fragments[at])]
    thing = dressed(tag.text)
    found = found or [
        at
        for at, one in enumerate(draft.fragments)
        if (thing and thing in (dressed(one.text), opposites.plain(one.text)))
        or (is_outfit(tag.text) and is_outfit(one.text) and one.origin != "preset")
        or (worn_alike(one.text, tag.text) and one.origin != "preset")
    ]
    if tag.text in ("1girl", "1boy"):  # one of them is as alone as the other
        found = [at for at in found if draft.fragments[at].text != "solo"]
    return [at for at in found if is_style(draft.fragments[at])] if slot == "style" else found


_GROUNDS = {
    *("field", "forest", "garden", "street", "beach", "mountain", "road", "lake", "river", "sea", "desert", "city"),
    *("kitchen", "bedroom", "classroom", "bathroom", "room", "town", "village", "castle", "palace", "temple", "church"),
}


def _same_ground(one: Fragment, tag: Fragment) -> bool:
    """Whether two fragments say where a picture is, each in a field or each in a forest, of another kind."""
    alike = one.origin != "preset" and head(one.text) == head(tag.text) in _GROUNDS
    return alike and opposites.plain(one.text) != opposites.plain(tag.text)


def _portrays(one: Fragment) -> bool:
    """Whether a fragment says whom a picture is of, rather than how it is made: "portrait of an old sailor"."""
    return one.text == "portrait" and " of " in one.source


def _retold(one: Fragment, tag: Fragment) -> str:
    """A fragment that says another number, hair, time or pose than a tag, with the tag's instead; empty for others."""
    if one.origin == "preset":
        return ""
    bare = grammar.bare(one.text)
    return recounted(one.text, tag.text) or regrown(bare, tag.text) or retaken(bare, tag.text)


def _ground(one: Fragment, slot: str) -> bool:
    """Whether a fragment is of the snow that lies, not of the weather: "雪地里"."""
    return slot == "weather" and "地" in one.source
