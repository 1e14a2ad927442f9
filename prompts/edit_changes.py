"""What each instruction does to a prompt: one thing for another, something added or taken away, more or less of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites
from prompts.assemble import HEAVY, LIGHT
from prompts.edit_draft import Change, EditDraft, add, become, denying, erase, weigh
from prompts.edit_instructions import Instruction
from prompts.edit_nearest import not_found
from prompts.edit_replacing import replace_thing
from prompts.edit_setting import set_
from prompts.edit_targets import KINDS, WordReader, head, matches, person_in, without_presets, words_of
from prompts.nouns import without_property, without_thing
from prompts.tags import category_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

STEP = 1.2  # how much stronger "more" makes a fragment; below it a picture hardly changes
HEAVIEST = 5.0  # nobody means more, whatever they type


async def applied(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Make one change to the draft; what cannot be done is noted there as missed."""
    if one.open or one.maybe:
        await applied(draft, await _settled(draft, one, reader), reader)
    elif one.kind == "replace":
        await replace_thing(draft, one, reader)
    elif one.kind == "set":
        await set_(draft, one.value, reader)
    elif one.kind == "add":
        for words in [one.value] if CHINESE.search(one.value) else _AND.split(one.value):
            tags = await reader.tags(words)
            if len(tags) == 1 and head(tags[0].text) in ("hair", "eyes") and opposites.slot(tags[0].text):
                await set_(draft, words, reader)  # "give her short hair": nobody has two kinds
                continue
            for tag in tags:
                add(draft, tag, words)
    elif one.kind in ("remove", "deny"):
        await _remove(draft, one, reader)
    elif one.kind == "stronger" and one.value:
        await _deepen(draft, one, reader)
    else:
        await _weigh(draft, one, reader)


_AND = re.compile(r"\s+(?:and|&)\s+(?=(?:an?|the|some)\s|\w+(?:\s\w+)?$)")


async def _settled(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """ "hat green": the longest beginning that names something in the prompt, and what it is to be. "hat to crown":
    so only where there is a hat."""
    if one.maybe:
        there = one.target in KINDS or (await matches(draft.fragments, one.target, reader))[0]
        return replace(one, maybe="") if there else Instruction("set", value=one.maybe)
    words, parts = one.target, one.target.split()
    for size in range(len(parts) - 1, 0, -1):
        target = " ".join(parts[:size])
        if (await matches(draft.fragments, target, reader))[0]:
            return Instruction("replace", target, " ".join(parts[size:]))
    return Instruction("set", value=words)


_DOING = re.compile(r"[a-z]+ing")  # "moon viewing" without the moon is nothing


async def _remove(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    found, word = await matches(draft.fragments, one.target, reader)
    if not found and one.kind == "remove" and (missed := not_found(draft, one.target)).kind == "near":
        draft.changes.append(missed)
        return
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]
    found = [*found, *_told_of(draft, found)]
    for at in sorted(found, reverse=True):
        old = draft.fragments[at]
        if bare := next(filter(None, (without_property(grammar.bare(old.text), tag) for tag in tags)), ""):
            become(draft, at, bare, old.source, bare)
            continue
        inside = word and head(old.text) != word.split()[-1]
        rest = without_thing(grammar.bare(old.text), word) if inside else ""
        if rest and not _DOING.fullmatch(rest):
            become(draft, at, rest, old.source)
            continue
        if inside and person_in(old.text) and not any(map(person_in, (word, *tags))):
            draft.changes.append(Change("missed", one.target))  # nobody goes because their hat does
            continue
        del draft.fragments[at]
        draft.changes.append(Change("removed", old.text))
        erase(draft, old)
    if one.kind == "deny" or not found:
        if one.target in KINDS:
            if not found:
                draft.changes.append(not_found(draft, one.target))
            return
        there = {opposites.plain(each.text) for each in without_presets(draft.negatives)}
        for tag in await reader.tags(one.target):
            draft.changes.append(Change("denied", after=opposites.plain(tag.text)))
            if opposites.plain(tag.text) not in there:
                text = opposites.plain(tag.text)  # said by the person now, and no longer a preset's
                draft.negatives = [each for each in draft.negatives if opposites.plain(each.text) != text]
                draft.negatives.append(replace(tag, text=text))
                if draft.text is not None:
                    draft.text = denying(draft.text, one.target, tag)


def _told_of(draft: EditDraft, found: Sequence[int]) -> list[int]:
    """The fragments that the person told of these only: "飞翔" of "飞翔的海鸥"."""
    text = chinese.simplified(draft.text or "")
    sources = [draft.fragments[at].source for at in found if CHINESE.search(draft.fragments[at].source)]
    return [
        at
        for at, one in enumerate(draft.fragments)
        if at not in found
        and category_of(one.text) in _TELLING
        and any(f"{chinese.simplified(one.source)}的{chinese.simplified(source)}" in text for source in sources)
    ]


_TELLING = ("preposition", "pose", "verb", "participle")


async def _deepen(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """More of a property that is there; a property that is not comes to be."""
    about = (await matches(draft.fragments, one.target, reader))[0] if one.target else range(len(draft.fragments))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.value)]
    found = [at for at in about if set(tags) & set(words_of(draft.fragments[at].text))]
    if found:
        await _weigh(draft, Instruction("stronger", one.value), reader, found)
    elif one.target:
        await replace_thing(draft, Instruction("replace", one.target, one.value), reader)
    else:
        await set_(draft, one.value, reader)


async def _weigh(draft: EditDraft, one: Instruction, reader: WordReader, found: Sequence[int] = ()) -> None:
    found = found or (await matches(draft.fragments, one.target, reader))[0]
    if not found and one.kind == "stronger":  # "more fog" where there is none yet
        for tag in await reader.tags(one.target):
            add(draft, tag, one.target)
        return
    if not found:
        draft.changes.append(not_found(draft, one.target))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]

    def heavier(weight: float) -> float:
        if one.kind == "weigh":
            return min(float(one.value), HEAVIEST)
        return min(max(round(weight * STEP if one.kind == "stronger" else weight / STEP, 2), LIGHT), HEAVY)

    for at in found:
        weigh(draft, at, one.target, tags, heavier)
