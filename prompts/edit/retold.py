"""One change made to a prompt and to the person's own text alike, in a way that the text says what the prompt is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from prompts import opposites
from prompts.edit import literal, swapping
from prompts.edit.changes import applied
from prompts.edit.draft import Change, EditDraft, denying
from prompts.edit.instructions import Instruction
from prompts.edit.nearest import not_found
from prompts.edit.targets import WordReader, matches, without_presets
from prompts.edit.wording import Retelling, wordings
from prompts.nouns import with_articles
from prompts.prompt import Fragment, Prompt
from prompts.translate.chinese import CHINESE


async def retold(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Make one change to the draft. Of the ways to say it in the person's text the first is taken that says it; where
    none does, the text is what the change itself made of it."""
    if one.kind == "swap":
        if not await swapping.swapped(draft, one, reader):
            draft.changes.append(await _unswapped(draft, one, reader))
        return
    text, fragments, negatives = draft.text, list(draft.fragments), list(draft.negatives)
    told = len(draft.changes)
    await applied(draft, one, reader)
    if text is None or (draft.fragments == fragments and draft.negatives == negatives):
        return
    denied = [each for each in draft.negatives if each not in negatives]
    if any(each not in draft.negatives for each in without_presets(negatives)):
        return
    english = not CHINESE.search(draft.text or text)
    telling = Retelling(one, *_difference(fragments, draft.fragments), fragments)
    for said in wordings(text, telling) if telling.gone or telling.come else (text,):
        for each in denied:
            said = denying(said, one.target, each)
        draft.readings -= len(said)
        if draft.readings < 0:
            return
        made = await reader.prompt(said)
        if made and _says(made, draft):
            draft.text = with_articles(said) if english else said
            draft.fragments = _as_said(draft.fragments, made)
            return
    if await _told_so(draft, text, denied, reader):
        return
    changed = EditDraft(fragments, negatives, text, draft.readings)
    if await literal.put(changed, one, reader):
        draft.text, draft.fragments, draft.negatives = changed.text, changed.fragments, changed.negatives
        draft.changes[told:] = changed.changes


async def _told_so(draft: EditDraft, before: str, denied: list[Fragment], reader: WordReader) -> bool:
    """Whether the text says what the draft is as the change itself has left it."""
    if not draft.text or denied or draft.text == before:
        return False
    made = await reader.prompt(draft.text)
    return made is not None and _says(made, draft)


async def _unswapped(draft: EditDraft, one: Instruction, reader: WordReader) -> Change:
    for name in filter(None, (one.target, one.value)):
        if not (await matches(draft.fragments, name, reader))[0]:
            return await not_found(draft, name, reader)
    return Change("unread", f"{one.target} ↔ {one.value}")


def _difference(before: list[Fragment], after: list[Fragment]) -> tuple[list[Fragment], list[Fragment]]:
    gone = [each for each in without_presets(before) if str(each) not in map(str, after)]
    come = [each for each in without_presets(after) if str(each) not in map(str, before)]
    return gone, come


def _key(one: Fragment) -> tuple[str, float]:
    return opposites.without_lead(one.text), one.weight


def _says(made: Prompt, draft: EditDraft) -> bool:
    """Whether a prompt asks for the same as a draft; "on snowy mountain" is as good as "snowy mountain"."""
    return all(
        Counter(map(_key, without_presets(mine))) == Counter(map(_key, without_presets(theirs)))
        for mine, theirs in ((made.fragments, draft.fragments), (made.negatives, draft.negatives))
    )


def _as_said(fragments: list[Fragment], made: Prompt) -> list[Fragment]:
    """The fragments with the words and sources that the text has for them."""
    said = {_key(one): one for one in without_presets(made.fragments)}
    return [
        one
        if one.origin == "preset" or (found := said.get(_key(one))) is None
        else replace(one, text=found.text, source=found.source)
        for one in fragments
    ]
