"""A prompt changed by a sentence: "头发改成蓝色，换成夜景，去掉帽子". What is not named stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts import doctor, grammar, opposites, options
from prompts.assemble import HEAVY, LIGHT
from prompts.compose import compose
from prompts.edit_draft import Change as Change
from prompts.edit_draft import EditDraft, add, become, erase, instead, weigh
from prompts.edit_instructions import Instruction, clauses, instructions
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
from prompts.errors import Refusal
from prompts.nouns import COMPARED, described, describes, with_articles, without_property, without_thing
from prompts.presets import contradictions
from prompts.prompt import Fragment, Options, Prompt
from prompts.tags import entry_of, part_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import Entry, entries
from prompts.translate.translator import Translator

STEP = 1.2  # how much stronger "more" makes a fragment; below it a picture hardly changes
HEAVIEST = 5.0  # nobody means more, whatever they type
LENGTH = 1000  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Edited:
    """The new prompt, what changed in it, and the recipe fields that the sentence named ("竖图")."""

    prompt: Prompt
    changes: tuple[Change, ...]
    options: Options


async def edit(
    prompt: Prompt | str, sentence: str, *, translators: Sequence[Translator], family: str = "sd15"
) -> Edited:
    """The prompt as the sentence wants it. Raises Refusal where nothing of the sentence could be done."""
    if isinstance(prompt, str):
        prompt, _ = await compose(prompt, translators=translators, family=family)
    if not sentence.strip():
        raise Refusal("edit.empty")
    if len(sentence) > LENGTH:
        raise Refusal("prompt.too_long", length=len(sentence), limit=LENGTH)
    reader = WordReader(translators, family)
    fragments = _pieces(prompt) if prompt.raw else list(prompt.fragments)
    draft = EditDraft(fragments, list(prompt.negatives), None if prompt.raw else prompt.text)
    asked = Options()
    before: Instruction | None = None
    for clause in clauses(sentence):
        said, clause = _said(clause)
        asked = _over(asked, said)
        for one in instructions(clause) if clause else ():
            if (
                before
                and before.kind == "remove"
                and one.kind == "set"
                and (await matches(draft.fragments, one.value, reader))[0]
            ):
                one = Instruction("remove", one.value)  # "去掉帽子，眼镜": the list goes on
            await _apply(draft, one, reader)
            before = one
    if not asked.to_json() and not any(change.kind != "missed" for change in draft.changes):
        raise Refusal("edit.not_understood", sentence=sentence.strip()[:200])
    if not any(one.text not in (grammar.BREAK, "AND") for one in draft.fragments) and not prompt.loras:
        raise Refusal("edit.nothing_left")
    draft.fragments = _once(draft.fragments)
    return Edited(await _finished(prompt, draft, reader), tuple(draft.changes), asked)


def _once(fragments: list[Fragment]) -> list[Fragment]:
    """Every tag once, where it first stands; between BREAKs the same tag may be meant twice."""
    if any(one.text in (grammar.BREAK, "AND") for one in fragments):
        return fragments
    kept: dict[str, Fragment] = {}
    for one in fragments:
        kept.setdefault(opposites.plain(one.text), one)
    return list(kept.values())


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_OPTION_VERB = re.compile(r"^(?:请|把图|画面|尺寸|比例)?(?:改成|换成|变成|改为|改|换|用|要)(?=.)")


def _said(clause: str) -> tuple[Options, str]:
    """The recipe fields named in a clause, and the clause where it asks for more."""
    for words in (clause, _OPTION_VERB.sub("", clause)):
        asked = options.read(words)
        if asked.options.to_json() and not asked.text.strip(" ,，。"):
            return asked.options, ""
    return Options(), clause


def _over(first: Options, second: Options) -> Options:
    return replace(first, **second.to_json())  # type: ignore[arg-type]


def _pieces(prompt: Prompt) -> list[Fragment]:
    """The fragments of a prompt that was taken as it stands."""
    read, _ = grammar.pieces(prompt.positive)
    return [Fragment(one.text, one.weight, part_of(one.text), "person", one.text) for one in read]


# ── changing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _apply(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    if one.open:
        await _apply(draft, await _split(draft, one.target, reader), reader)
    elif one.kind == "replace":
        await _replace(draft, one, reader)
    elif one.kind == "set":
        await _set(draft, one.value, reader)
    elif one.kind == "add":
        for words in [one.value] if CHINESE.search(one.value) else _AND.split(one.value):
            for tag in await reader.tags(words):
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


_COUNT = re.compile(r"[0-9一两二三四五六七八九十]{1,3}[个只名位条头匹张把朵棵株座]")


async def _replace(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    found, word = await matches(draft.fragments, one.target, reader)
    if counted := bool(_COUNT.fullmatch(one.value)):  # "女孩改成三个"
        one = replace(one, value=one.value + one.target)
    value = await reader.tags(COMPARED.get(one.value, one.value))
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
        new = (await reader.tags(f"{value.text} {noun}"))[-1]
        coloured = [at for at in found if opposites.slot(draft.fragments[at].text) == f"{noun} colour"]
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
        new_source = source.replace(one.target, one.value)
        made = await reader.sure(new_source)
        if len(made) == 1 and not CHINESE.search(made[0].text):
            draft.fragments[at] = replace(made[0], weight=old.weight, part=old.part, source=new_source)
            draft.changes.append(Change("replaced", old.text, made[0].text))
            if draft.text is not None:
                draft.text = doctor.put(draft.text, old.source, new_source)
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
    size = len(word.split()) if word else 1
    if index < 0 or len(value) > 1:
        instead(draft, [at], value, one.value)
        return
    kept = [each for each in words[: max(0, index - size + 1)] if each not in ("tabby", "calico")]
    become(draft, at, with_articles(" ".join([*kept, new, *words[index + 1 :]])), one.value)


async def _set(draft: EditDraft, words: str, reader: WordReader) -> None:
    """What the words say takes the place of what says the like: a time of day, a style, a hair colour."""
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
            if (slot and opposites.slot(one.text) == slot and (slot != "style" or is_style(one)))
            or groups & {side.group for side in opposites.sides(one.text)}
        ]
        if slot == "style":
            found = [at for at in found if is_style(draft.fragments[at])]
        if found:
            instead(draft, found, (tag,), words if len(tags) == 1 else tag.text)
        else:
            add(draft, tag, words if len(tags) == 1 else tag.text)


async def _remove(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    found, word = await matches(draft.fragments, one.target, reader)
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]
    for at in sorted(found, reverse=True):
        old = draft.fragments[at]
        if bare := next(filter(None, (without_property(grammar.bare(old.text), tag) for tag in tags)), ""):
            become(draft, at, bare, old.source, bare)
            continue
        rest = without_thing(grammar.bare(old.text), word) if word and head(old.text) != word.split()[-1] else ""
        if rest:
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
        there = {opposites.plain(each.text) for each in draft.negatives}
        for tag in await reader.tags(one.target):
            draft.changes.append(Change("denied", after=opposites.plain(tag.text)))
            if opposites.plain(tag.text) not in there:
                draft.negatives.append(replace(tag, text=opposites.plain(tag.text)))
                written = f"不要{one.target}" if CHINESE.search(one.target) else f"--no {opposites.plain(tag.text)}"
                if draft.text is not None:
                    draft.text = doctor.added(draft.text, written) if written[0] != "-" else f"{draft.text} {written}"


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
    if not found:
        draft.changes.append(Change("missed", one.target))
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]

    def heavier(weight: float) -> float:
        if one.kind == "weigh":
            return min(float(one.value), HEAVIEST)
        return min(max(round(weight * STEP if one.kind == "stronger" else weight / STEP, 2), LIGHT), HEAVY)

    for at in found:
        weigh(draft, at, one.target, tags, heavier)


# ── the new prompt ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _finished(old: Prompt, draft: EditDraft, reader: WordReader) -> Prompt:
    said = {opposites.plain(one.text) for one in draft.fragments}
    negatives = tuple(
        one
        for one in draft.negatives
        if one.origin != "preset" or not (contradictions().get(opposites.plain(one.text), frozenset()) & said)
    )
    fragments = tuple(draft.fragments)
    notes = tuple(note for note in old.notes if not note.key.startswith("edit.") and note.key in _LASTING)
    notes += tuple(change.note for change in draft.changes)
    chance = None if old.seed is None else -1  # no seed makes these words of the text any more
    return await _worded(Prompt("", fragments, negatives, old.loras, notes, old.raw, chance), draft.text, reader)


_LASTING = frozenset({"note.angle", "note.hypernet", "note.lora_weight"})  # true of whatever the prompt became


async def _worded(prompt: Prompt, candidate: str | None, reader: WordReader) -> Prompt:
    """The prompt with what to write for it: the person's own text with the changes in it where that says exactly this,
    else its tags. Each fragment's source is then what stands in that text."""
    made = await reader.prompt(candidate) if candidate is not None else None
    asked = {str(one) for one in without_presets(prompt.fragments)}
    unwanted = {str(one) for one in without_presets(prompt.negatives)}
    if (
        made is None
        or {str(one) for one in without_presets(made.fragments)} != asked
        or {str(one) for one in without_presets(made.negatives)} != unwanted
    ):
        shown = without_presets(prompt.fragments) or prompt.fragments
        positive = ", ".join([*map(str, shown), *map(str, prompt.loras)])
        negative = ", ".join(map(str, without_presets(prompt.negatives)))
        candidate = f'{positive} --no "{negative}"' if negative and not prompt.raw else positive
        written: dict[str, Fragment] = {}
    else:
        written = {str(one): one for one in (*without_presets(made.fragments), *without_presets(made.negatives))}

    def said(one: Fragment) -> Fragment:
        if one.origin == "preset" or one.text in (grammar.BREAK, "AND"):
            return one
        same = written.get(str(one))
        return replace(one, source=same.source, origin=same.origin) if same else replace(one, source=one.text)

    return replace(
        prompt,
        text=candidate or "",
        fragments=tuple(map(said, prompt.fragments)),
        negatives=tuple(map(said, prompt.negatives)),
    )
