"""What each instruction does to a prompt: one thing for another, something added or taken away, more or less of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import opposites
from prompts.assemble import HEAVY, LIGHT
from prompts.edit.draft import Change, EditDraft, add, weigh
from prompts.edit.exclusions import alone, is_haircut
from prompts.edit.instructions import Instruction
from prompts.edit.nearest import not_found
from prompts.edit.outdated import outdate
from prompts.edit.removing import remove
from prompts.edit.replacing import replace_thing
from prompts.edit.setting import set_words
from prompts.edit.targets import WordReader, matches
from prompts.edit.words import head, words_of
from prompts.prompt import Fragment
from prompts.translate.chinese import CHINESE

STEP = 1.2  # how much stronger "more" makes a fragment; below it a picture hardly changes
HEAVIEST = 5.0  # nobody means more, whatever they type


async def applied(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Make one change to the draft, as `resolved` puts it, with what can no longer be beside it gone; what cannot be
    done is noted there as missed."""
    before = list(draft.fragments)
    await _applied(draft, one, reader)
    if one.kind in ("replace", "set", "add"):
        outdate(draft, before, decided=one.kind != "add", emptied=one.kind == "replace")


async def _applied(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    if one.kind == "replace":
        await replace_thing(draft, one, reader)
    elif one.kind == "set":
        await set_words(draft, one.value, reader)
    elif one.kind == "add":
        for words in [one.value] if CHINESE.search(one.value) else _AND.split(one.value):
            tags = await _placed(draft, one, reader) if one.at else await reader.tags(words)
            if not tags:
                draft.changes.append(Change("unread", words))
            if len(tags) == 1 and _has_one(tags[0].text):
                await set_words(draft, words, reader)  # "give her short hair": nobody has two kinds
                continue
            for tag in tags:
                add(draft, tag, words)
    elif one.kind in ("remove", "deny"):
        await remove(draft, one, reader)
    elif one.kind == "stronger" and one.value:
        await _deepen(draft, one, reader)
    else:
        await _weigh(draft, one, reader)


def _has_one(text: str) -> bool:
    """Whether a picture, or who is in it, has one such thing only: one kind of hair, one framing, one face."""
    return (head(text) in ("hair", "eyes") and bool(opposites.slot(text))) or is_haircut(text) or alone(text)


_AND = re.compile(r"\s+(?:and|&)\s+(?=(?:an?|the|some)\s|\w+(?:\s\w+)?$)")


async def _placed(draft: EditDraft, one: Instruction, reader: WordReader) -> tuple[Fragment, ...]:
    """The tags of a thing that is added somewhere, with the place where the prompt does not say it yet."""
    one = replace(one, value={"画": "挂着的画", "字": "书法"}.get(one.value, one.value))
    tags = await reader.tags(one.value) or await reader.tags(f"一{one.measure[-1:]}{one.value}")
    if not tags:
        return ()
    there = {opposites.plain(each.text) for each in draft.fragments}
    both = await reader.sure(f"{one.at}有{one.measure.removeprefix(one.at)}{one.value}")
    named = all(any(head(tag.text) in each.text for each in both) for tag in tags)
    return tuple(each for each in both if opposites.plain(each.text) not in there) if named else tags


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
        await set_words(draft, one.value, reader)


async def _weigh(draft: EditDraft, one: Instruction, reader: WordReader, found: Sequence[int] = ()) -> None:
    found = found or (await matches(draft.fragments, one.target, reader))[0]
    if not found and one.kind == "stronger":  # "more fog" where there is none yet
        for tag in await reader.tags(one.target):
            add(draft, tag, one.target)
        return
    if not found:
        draft.changes.append(await not_found(draft, one.target, reader))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]

    def heavier(weight: float) -> float:
        if one.kind == "weigh":
            return min(float(one.value), HEAVIEST)
        return min(max(round(weight * STEP if one.kind == "stronger" else weight / STEP, 2), LIGHT), HEAVY)

    for at in found:
        weigh(draft, at, one.target, tags, heavier)
