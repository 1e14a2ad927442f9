"""What each instruction does to a prompt: one thing for another, something added or taken away, more or less of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites, written_text
from prompts.assemble import HEAVY, LIGHT
from prompts.edit_draft import Change as Change
from prompts.edit_draft import EditDraft, add, become, denying, erase, instead, weigh
from prompts.edit_instructions import Instruction
from prompts.edit_rivals import counts, dressed, kind_of, recounted, regrown, slot_of
from prompts.edit_targets import (
    CATEGORIES,
    KINDS,
    PEOPLE,
    WordReader,
    head,
    is_style,
    matches,
    singular,
    without_presets,
    words_of,
)
from prompts.edit_wording_zh import uncoloured
from prompts.nouns import COMPARED, described, describes, is_coloured, with_articles, without_property, without_thing
from prompts.prompt import Fragment
from prompts.tags import entry_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import Entry, entries

STEP = 1.2  # how much stronger "more" makes a fragment; below it a picture hardly changes
HEAVIEST = 5.0  # nobody means more, whatever they type


async def applied(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Make one change to the draft; what cannot be done is noted there as missed."""
    if one.open:
        await applied(draft, await _split(draft, one.target, reader), reader)
    elif one.kind == "replace":
        await _replace(draft, one, reader)
    elif one.kind == "set":
        await _set(draft, one.value, reader)
    elif one.kind == "add":
        for words in [one.value] if CHINESE.search(one.value) else _AND.split(one.value):
            tags = await reader.tags(words)
            if len(tags) == 1 and head(tags[0].text) in ("hair", "eyes") and opposites.slot(tags[0].text):
                await _set(draft, words, reader)  # "give her short hair": nobody has two kinds
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


async def _split(draft: EditDraft, words: str, reader: WordReader) -> Instruction:
    """ "hat green": the longest beginning that names something in the prompt, and what it is to be."""
    parts = words.split()
    for size in range(len(parts) - 1, 0, -1):
        target = " ".join(parts[:size])
        if (await matches(draft.fragments, target, reader))[0]:
            return Instruction("replace", target, " ".join(parts[size:]))
    return Instruction("set", value=words)


_COLOURED: dict[tuple[str, ...], str] = {("hair colour",): "hair", ("eyes colour",): "eyes"}
_COUNT = re.compile(r"[0-9一两二三四五六七八九十]{1,3}[个只名位条头匹张把朵棵株座]")


async def _replace(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    found, word = await matches(draft.fragments, one.target, reader)
    if counted := bool(_COUNT.fullmatch(one.value)):  # "女孩改成三个"
        one = replace(one, value=one.value + one.target)
    value = await reader.tags(COMPARED.get(one.value, one.value))
    if describes(value) and (coloured := _COLOURED.get(KINDS.get(one.target, ()))):  # "发色换成粉色"
        value = await reader.tags(f"{value[0].text} {coloured}")
    if not value:
        draft.changes.append(Change("missed", f"{one.target} → {one.value}"))
        return
    if not found:
        if one.target in KINDS or one.target in CATEGORIES:
            for tag in value:
                add(draft, tag, one.value)
        elif describes(value) and (named := await reader.tags(one.target)):
            noun = named[-1]
            add(draft, replace(noun, text=f"{value[0].text} {opposites.plain(noun.text)}"), one.value)
        else:
            draft.changes.append(Change("missed", one.target))
        return
    if describes(value) and one.target not in KINDS:
        await _describe(draft, found, word, value[0], one, reader)
    elif counted or one.target in KINDS or one.target in CATEGORIES:
        instead(draft, found, value, one.value)
    elif slotted := [tag for tag in value if opposites.slot(tag.text) and head(tag.text) in ("hair", "eyes")]:
        for tag in slotted:
            same = [at for at in found if opposites.slot(draft.fragments[at].text) == opposites.slot(tag.text)]
            if same:
                instead(draft, same, (tag,), one.value)
            else:
                add(draft, tag, one.value)
    else:
        for at in found:
            await _rename(draft, at, word, value, one, reader)


async def _describe(
    draft: EditDraft, found: Sequence[int], word: str, value: Fragment, one: Instruction, reader: WordReader
) -> None:
    first = draft.fragments[found[0]]
    noun = word.split()[-1] if word else head(first.text)
    entry = entry_of(value.text)
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


async def _rename(
    draft: EditDraft, at: int, word: str, value: Sequence[Fragment], one: Instruction, reader: WordReader
) -> None:
    """Another thing in the same fragment: "red hat" becomes "red crown", "橘猫坐着" "橘狗坐着"."""
    old = draft.fragments[at]
    source = chinese.simplified(old.source)
    shared = sum(each.source == old.source for each in draft.fragments) > 1
    if CHINESE.search(one.target) and source.count(one.target) == 1 and not shared:
        lead, _, rest = source.partition(one.target)
        coloured = {kind_of(each) for each in opposites.plain(value[0].text).split()} & {"colour", "material"}
        new_source = (uncoloured(lead) if coloured else lead) + one.value + rest  # a white shirt is not a black one
        made = await reader.sure(new_source)
        if len(made) == 1 and not CHINESE.search(made[0].text):
            draft.fragments[at] = replace(made[0], weight=old.weight, part=old.part, source=new_source)
            draft.changes.append(Change("replaced", old.text, made[0].text))
            if draft.text is not None:
                draft.text = written_text.put(draft.text, old.source, new_source)
            return
    new = opposites.plain(value[0].text)
    words = grammar.bare(old.text).split(" ")
    index = max(
        (
            i
            for i, each in enumerate(words)
            if word and singular(PEOPLE.get(each.lower(), each.lower())) == word.split()[-1]
        ),
        default=-1,
    )
    size = 1
    for said in (one.target, *(each.text for each in await reader.tags(one.target))):  # "the old man", all of it
        named = opposites.plain(said).split()
        if words[max(0, index - len(named) + 1) : index + 1] == named:
            size = max(size, len(named))
    if index < 0 or len(value) > 1:
        instead(draft, [at], value, one.value)
        return
    kept = [each for each in words[: max(0, index - size + 1)] if each not in ("tabby", "calico")]
    kinds = {kind_of(each) for each in new.split()} & {"colour", "material"}
    while kept and kinds and kind_of(kept[-1]) in (kinds | {"material"}):
        kept.pop()
    become(draft, at, with_articles(" ".join([*kept, new, *words[index + 1 :]])), one.value)


async def _set(draft: EditDraft, words: str, reader: WordReader) -> None:
    """The tags of these words take the place of the fragments that decide the same: a time of day, a hair colour."""
    tags = await reader.tags(words)
    if not tags:
        draft.changes.append(Change("missed", words))
    there = {opposites.plain(one.text) for one in draft.fragments}
    for tag in tags:
        if len(tags) > 1 and opposites.plain(tag.text) in there:
            continue  # "女孩穿上红裙子": who it is about
        slot = opposites.slot(tag.text)
        groups = {side.group for side in opposites.sides(tag.text)}
        found = [
            at
            for at, one in enumerate(draft.fragments)
            if (slot and slot_of(one.text) == slot and (slot != "style" or is_style(one)))
            or groups & {side.group for side in opposites.sides(one.text)}
            or (counts(tag.text) and counts(tag.text) in (counts(one.text), opposites.plain(one.text)))
        ]
        found = found or [
            at for at, one in enumerate(draft.fragments) if dressed(tag.text) and dressed(one.text) == dressed(tag.text)
        ]
        if slot == "style":
            found = [at for at in found if is_style(draft.fragments[at])]
        retold = {
            at: said
            for at, one in enumerate(draft.fragments)
            if (said := recounted(one.text, tag.text) or regrown(grammar.bare(one.text), tag.text))
        }
        if found:
            instead(draft, found, (tag,), words if len(tags) == 1 else tag.text)
        elif retold:
            for at, said in retold.items():
                become(draft, at, said, words)
        else:
            add(draft, tag, words if len(tags) == 1 else tag.text)


_DOING = re.compile(r"[a-z]+ing")  # "moon viewing" without the moon is nothing


async def _remove(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    found, word = await matches(draft.fragments, one.target, reader)
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]
    for at in sorted(found, reverse=True):
        old = draft.fragments[at]
        if bare := next(filter(None, (without_property(grammar.bare(old.text), tag) for tag in tags)), ""):
            become(draft, at, bare, old.source, bare)
            continue
        rest = without_thing(grammar.bare(old.text), word) if word and head(old.text) != word.split()[-1] else ""
        if rest and not _DOING.fullmatch(rest):
            become(draft, at, rest, old.source)
            continue
        del draft.fragments[at]
        draft.changes.append(Change("removed", old.text))
        erase(draft, old)
    if one.kind == "deny" or not found:
        if one.target in KINDS:
            if not found:
                draft.changes.append(Change("missed", one.target))
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


async def _deepen(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """More of a property that is there; a property that is not comes to be."""
    about = (await matches(draft.fragments, one.target, reader))[0] if one.target else range(len(draft.fragments))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.value)]
    found = [at for at in about if set(tags) & set(words_of(draft.fragments[at].text))]
    if found:
        await _weigh(draft, Instruction("stronger", one.value), reader, found)
    elif one.target:
        await _replace(draft, Instruction("replace", one.target, one.value), reader)
    else:
        await _set(draft, one.value, reader)


async def _weigh(draft: EditDraft, one: Instruction, reader: WordReader, found: Sequence[int] = ()) -> None:
    found = found or (await matches(draft.fragments, one.target, reader))[0]
    if not found and one.kind == "stronger":  # "more fog" where there is none yet
        for tag in await reader.tags(one.target):
            add(draft, tag, one.target)
        return
    if not found:
        draft.changes.append(Change("missed", one.target))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]

    def heavier(weight: float) -> float:
        if one.kind == "weigh":
            return min(float(one.value), HEAVIEST)
        return min(max(round(weight * STEP if one.kind == "stronger" else weight / STEP, 2), LIGHT), HEAVY)

    for at in found:
        weigh(draft, at, one.target, tags, heavier)
