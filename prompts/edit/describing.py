"""Another property of a thing: a red hat that is to be green, long hair that is to be short."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites
from prompts.edit.draft import EditDraft, add, become
from prompts.edit.instructions import Instruction
from prompts.edit.rivals import kind_of
from prompts.edit.setting import set_words
from prompts.edit.targets import KINDS, WordReader, person_in
from prompts.edit.words import PEOPLE, head, singular
from prompts.nouns import described, describes, is_coloured, with_articles
from prompts.prompt import Fragment
from prompts.tags import entry_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import Entry, entries

_PEOPLE = KINDS["人物"]


async def recolour(draft: EditDraft, found: Sequence[int], new: str, one: Instruction, reader: WordReader) -> bool:
    """Whether a property was what the target names, and is another now: "红色改成黑色" of a red car."""
    tags = await reader.tags(one.target)
    if not describes(tags) or kind_of(tags[0].text) != kind_of(new):
        return False
    for at in found:
        old = draft.fragments[at]
        said = re.sub(rf"\b{re.escape(tags[0].text)}\b", lambda _: new, grammar.bare(old.text), count=1)
        source = chinese.simplified(old.source).replace(one.target, one.value, 1)
        become(draft, at, with_articles(said), one.value, source if source != old.source else "")
    return bool(found)


async def describe(
    draft: EditDraft, found: Sequence[int], word: str, value: Fragment, one: Instruction, reader: WordReader
) -> None:
    first = draft.fragments[found[0]]
    noun = word.split()[-1] if word else head(first.text)
    if KINDS.get(one.target) == _PEOPLE and (who := person_in(first.text)):
        noun = singular(PEOPLE.get(who, who))
    entry = entry_of(value.text)
    if noun == "hair" and opposites.slot(f"{value.text} {noun}") in ("hair length", "hair form"):
        await set_words(draft, f"{one.value}发" if CHINESE.search(one.value) else f"{value.text} {noun}", reader)
        return
    if noun in ("hair", "eyes") and entry and entry.category == "colour":
        value = replace(value, text="blonde") if (noun, value.text) == ("hair", "golden") else value
        new = (await reader.tags(f"{value.text} {noun}"))[-1]
        coloured = [
            at
            for at in found
            if opposites.slot(draft.fragments[at].text) == f"{noun} colour"
            or is_coloured(grammar.bare(draft.fragments[at].text), noun)
        ]
        if coloured:
            for at in coloured:
                become(draft, at, described(grammar.bare(draft.fragments[at].text), noun, value.text), one.value)
        else:
            add(draft, replace(new, part=first.part), one.value, after=found[-1], noun=one.target)
        return
    for at in found:
        old = draft.fragments[at]
        text = described(grammar.bare(old.text), noun, value.text)
        become(draft, at, text, one.value, await _resaid(old, text, one.value, entry, reader))


async def _resaid(old: Fragment, text: str, value: str, kind: Entry | None, reader: WordReader) -> str:
    """The Chinese that a fragment was written with, with another property in it; empty where that is not what it says
    then."""
    if not CHINESE.search(value) or not CHINESE.search(old.source) or kind is None:
        return ""
    words = sorted(
        (
            old.source[at:end]
            for at in range(len(old.source))
            for end in range(at + 1, min(at + 5, len(old.source) + 1))
        ),
        key=len,
        reverse=True,
    )
    known = entries()
    word = next((each for each in words if each in known and known[each].category == kind.category), None)
    said = old.source.replace(word, value, 1) if word else ""
    made = await reader.sure(said) if said else ()
    return said if [grammar.bare(one.text) for one in made] == [text] else ""
