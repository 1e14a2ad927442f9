"""One word of somebody's text for another, where no single fragment tells all that the word says: "一个男孩坐在右边" is
a boy, somebody sitting, and "boy on the right"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prompts import opposites
from prompts.edit.draft import Change, EditDraft
from prompts.edit.instructions import Instruction
from prompts.edit.targets import WordReader, without_presets
from prompts.edit.wording_zh import MEASURE, in_script
from prompts.edit.words import category_of, head, singular, words_of
from prompts.nouns import describes, with_articles
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE


async def put(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether the value could be put where the text says the target, with all else of it understood as before; then
    the draft says so."""
    if draft.text is None or one.kind != "replace" or not one.target or not one.value:
        return False
    value = await reader.tags(one.value)
    if not value or describes(value):
        return False
    if category_of(value[0].text) in ("style", "quality"):
        return False
    before = without_presets(draft.fragments)
    for said in _texts(draft.text, one):
        draft.readings -= len(said)
        if draft.readings < 0:
            return False
        made = await reader.prompt(said)
        after = without_presets(made.fragments) if made else ()
        if made and not without_presets(made.negatives) and _says(before, after, value, one.target):
            gone = [each.text for each in before if str(each) not in map(str, after)]
            come = [each.text for each in after if str(each) not in map(str, before)]
            presets = [each for each in draft.fragments if each.origin == "preset"]
            draft.text, draft.fragments = said, [*presets, *after]
            draft.changes.append(Change("replaced", ", ".join(gone), ", ".join(come)))
            return True
    return False


def _texts(text: str, one: Instruction) -> Iterator[str]:
    value = one.value.removesuffix("的")
    if CHINESE.search(one.target):
        plain = chinese.sign_by_sign(text)
        if plain.count(one.target) != 1:
            return
        at = plain.index(one.target)
        end = at + len(one.target)
        counted, number = MEASURE.match(value), re.search(rf"(?:{MEASURE.pattern})$", plain[:at])
        if counted and number:
            at = number.start()
        yield text[:at] + in_script(text, value) + text[end:]
        return
    word = re.compile(rf"\b{re.escape(one.target)}\b", re.IGNORECASE)
    if len(word.findall(text)) == 1:
        bare = re.sub(r"^(?:an?|the) ", "", value)
        yield with_articles(word.sub(bare.replace("\\", ""), text))


def _says(before: Sequence[Fragment], after: Sequence[Fragment], value: Sequence[Fragment], target: str) -> bool:
    """Whether a text says what it said, but for what is told of the target, and the value."""
    kept = {opposites.plain(each.text) for each in after}
    if any(opposites.plain(each.text) not in kept for each in before if not _about(each, target)):
        return False
    heads = {singular(word) for each in after for word in words_of(each.text)}
    return len(after) <= len(before) + len(value) and all(singular(head(each.text)) in heads for each in value)


def _about(one: Fragment, target: str) -> bool:
    if CHINESE.search(target):
        return target in chinese.simplified(one.source)
    return {singular(word) for word in words_of(target)} <= {singular(word) for word in words_of(one.text)}
