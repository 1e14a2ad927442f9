"""A prompt changed by a sentence: "头发改成蓝色，换成夜景，去掉帽子". What is not named stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts import grammar, opposites
from prompts.compose import SENTENCE, compose
from prompts.edit.asked import ModelEdit, edited_by_model, models, unasked
from prompts.edit.doubts import doubtful
from prompts.edit.draft import Change as Change
from prompts.edit.draft import EditDraft
from prompts.edit.exclusions import alone
from prompts.edit.groups import doings
from prompts.edit.instructions import Instruction
from prompts.edit.keeping import others
from prompts.edit.looks import relook
from prompts.edit.nearest import not_found, things
from prompts.edit.one_of import one_of
from prompts.edit.outdated import outdate
from prompts.edit.resolving import joined, resolved
from prompts.edit.restating import restated
from prompts.edit.retold import retold
from prompts.edit.scoped import scoped
from prompts.edit.targets import KINDS, WordReader, matches, person_in
from prompts.edit.wishes import in_turn, read
from prompts.edit.worded import worded
from prompts.edit.wording_zh import MEASURE, in_script
from prompts.edit.words import category_of, singular, words_of
from prompts.errors import Refusal
from prompts.nouns import COMPARED
from prompts.presets import phrases, speaking_against
from prompts.prompt import Fragment, Options, Prompt
from prompts.tags import part_of
from prompts.translate.chinese import CHINESE
from prompts.translate.sentences import CachedTranslator
from prompts.translate.translator import Translator


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
    if len(sentence) > SENTENCE:
        raise Refusal("prompt.too_long", length=len(sentence), limit=SENTENCE)
    asked = models(translators)
    reader = WordReader(unasked(translators), family)
    named, wishes = read(sentence)
    try:
        draft, doubted = await _by_rules(prompt, sentence, named, wishes, reader, asking=bool(asked))
    except Refusal as refusal:
        if refusal.key not in _UNREAD or not asked:
            raise
        found = await _by_model(prompt, sentence, wishes, asked, reader)
        if found.draft is None:
            raise refusal.noted(*found.told(reader.failures)) from None
        draft = found.draft
    else:
        found = await _by_model(prompt, sentence, wishes, asked, reader) if doubted else ModelEdit()
        draft = found.draft or draft
    made = await _finished(prompt, draft, reader)
    if found.draft:
        made = found.signed(made, prompt)
    return Edited(replace(made, notes=(*made.notes, *found.told(reader.failures))), tuple(draft.changes), named)


async def _by_model(
    prompt: Prompt,
    sentence: str,
    wishes: Sequence[Instruction],
    asked: Sequence[CachedTranslator],
    reader: WordReader,
) -> ModelEdit:
    """What a model makes of the sentence, where one is set up."""
    draft = _draft(prompt)
    return await edited_by_model(draft, sentence, await joined(draft.fragments, wishes, reader), asked, reader)


def _draft(prompt: Prompt) -> EditDraft:
    fragments = _pieces(prompt) if prompt.raw else list(prompt.fragments)
    return EditDraft(fragments, list(prompt.negatives), None if prompt.raw else prompt.text)


async def _by_rules(
    prompt: Prompt,
    sentence: str,
    named: Options,
    wishes: Sequence[Instruction],
    reader: WordReader,
    *,
    asking: bool,
) -> tuple[EditDraft, bool]:
    """The prompt as the rules change it, and whether a model that is set up should be asked what was meant. Raises
    Refusal where nothing of the sentence could be done."""
    draft = _draft(prompt)
    doubted = False
    before: Instruction | None = None
    kept = [one.target for one in wishes if one.kind == "keep"]
    for one in in_turn(await joined(draft.fragments, wishes, reader)):
        if (
            before
            and before.kind == "remove"
            and one.kind == "set"
            and not MEASURE.match(one.value)
            and len(tags := await reader.sure(one.value)) == 1
            and any(
                _says_no_more(tags[0].text, draft.fragments[at].text)
                for at in (await matches(draft.fragments, one.value, reader))[0]
            )
        ):
            one = Instruction("remove", one.value)  # "去掉帽子，眼镜": the list goes on
        if one.kind == "remove" and one.instead and not (await matches(draft.fragments, one.target, reader))[0]:
            continue  # the place where somebody no longer is
        if one.kind == "replace" and one.target in ("it", "them", "those") and before and before.target:
            one = replace(one, target=before.target)  # "umbrellas shouldn't be black, make them red"
        if one.kind == "set" and not one.instead and before and _goes_on(before, one):
            one = replace(one, kind="add")  # "sitting down, tying her shoes"
        if one.kind in ("stronger", "weaker") and not one.target and not one.value:
            if before is None or before.kind == one.kind:
                continue  # "紫色太重了，淡一点": said twice
            one = replace(one, target=before.target or before.value)
        told = len(draft.changes)
        if one.kind == "keep":
            if one.target != kept[0]:
                continue  # all that is to be kept is looked at together
            await _left_alone(draft, kept, reader)
        else:
            await _followed(draft, one, before, reader)
        doubted = doubted or (asking and await doubtful(one, draft.changes[told:], reader))
        before = one
    draft.changes = [_in_their_signs(change, sentence) for change in draft.changes]
    if not named.to_json():
        _refuse(draft, sentence)
    if not any(one.text not in (grammar.BREAK, "AND") for one in draft.fragments) and not prompt.loras:
        raise Refusal("edit.nothing_left")
    return draft, doubted


def _says_no_more(tag: str, text: str) -> bool:
    """Whether a tag tells nothing of a thing that a fragment does not, as "blue lanterns" does of lanterns."""
    return set(map(singular, words_of(tag))) <= set(map(singular, words_of(text)))


def _goes_on(before: Instruction, one: Instruction) -> bool:
    """Whether somebody does this, too, of whom the same sentence has said what they do."""
    did, does = (doings(each.value)[:1] for each in (before, one))
    return bool(did and does and does[0].start == 0 and before.kind in ("set", "replace", "add"))


async def _followed(draft: EditDraft, one: Instruction, before: Instruction | None, reader: WordReader) -> None:
    """Do to the draft what one wish asks; `before` is the one that the same sentence asked for just before."""
    there = list(draft.fragments)
    first, _, rest = one.value.partition(" ")
    if one.kind == "set" and rest and first in COMPARED:
        one = replace(one, value=f"{COMPARED[first]} {rest}")  # "shorter hair"
    if await one_of(draft, one, reader) or await scoped(draft, one, reader):
        return
    one = await _of_the_other_sex(draft, one, reader)
    done = one.kind == "set" and await restated(draft, one, reader)
    if not done:
        one = await resolved(draft, one, before, reader)
        done = await restated(draft, one, reader)
    if done:
        outdate(draft, there, decided=one.kind != "add", emptied=one.kind == "replace")
    else:
        await retold(draft, one, reader)


_ANYBODY = ("girl", "boy", "man", "woman", "person", "child", "kid", "people", "lady", "guy", "couple", "character")
_PLAIN_PERSON = re.compile(r"(?:an? )?(?P<who>woman|man|girl|boy|female|male)(?P<rest>(?: [a-z]+ing .+| with .+)?)")


async def _of_the_other_sex(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """ "老师改成男的" of a 女老师: that word with the other sign."""
    if one.kind == "replace" and (plain := _PLAIN_PERSON.fullmatch(one.value)) and not CHINESE.search(one.target):
        noun = one.target.removeprefix("the ").split()[-1:]
        if noun and category_of(noun[0]) == "person" and noun[0] not in KINDS and noun[0] not in _ANYBODY:
            return replace(one, value=f"{plain['who']} {noun[0]}{plain['rest']}")  # a firefighter is one still
    sexes = {"男": "女", "女": "男"}
    new = one.value.removesuffix("的").removesuffix("性").removesuffix("生")
    if new not in sexes:
        return one
    if one.kind == "set" and one.instead:  # "换成女的": the only one there is
        people = [each.source for each in draft.fragments if person_in(each.text) and sexes[new] in each.source]
        sort = re.search(f"{sexes[new]}(?P<sort>孩|人|生|士|性)", people[0]) if len(people) == 1 else None
        return replace(one, kind="replace", target=sort.group(), value=new + sort["sort"]) if sort else one
    if one.kind != "replace":
        return one
    for at in (await matches(draft.fragments, one.target, reader))[0]:
        old = draft.fragments[at].source
        if f"{sexes[new]}{one.target}" in old:
            return replace(one, target=f"{sexes[new]}{one.target}", value=f"{new}{one.target}")
    return one


async def _left_alone(draft: EditDraft, kept: Sequence[str], reader: WordReader) -> None:
    """Take away everything but what is to be kept."""
    missing = [each for each in kept if not (await matches(draft.fragments, each, reader))[0]]
    if len(missing) == len(kept) == 1 and (alone(missing[0]) or await _names_anew(missing[0], reader)):
        await _followed(draft, Instruction("set", value=missing[0], instead=True), None, reader)
        return  # "只要脸部特写", "只要空荡荡的街道"
    if missing:
        draft.changes += [await not_found(draft, each, reader) for each in missing]
        return
    gone = await others(draft, kept, reader)
    if not gone:
        draft.changes.append(Change("same", kept[0]))
    for each in gone:
        if (await matches(draft.fragments, each.target, reader))[0]:  # the lantern goes with who holds it
            await _followed(draft, each, None, reader)


async def _names_anew(words: str, reader: WordReader) -> bool:
    """Whether words say how a picture is framed, or name a thing and tell how it is."""
    tags = await reader.sure(words)
    said = [opposites.plain(each.text) for each in tags]
    return bool(said) and (any(map(alone, said)) or (len(said) == 1 and "的" in words and " " in said[0]))


def _refuse(draft: EditDraft, sentence: str) -> None:
    """Raises Refusal where nothing was changed, with what it was that is not there, and what is."""
    if any(change.kind not in _NOTHING_DONE for change in draft.changes):
        return
    if found := next((change for change in draft.changes if change.kind == "near"), None):
        raise Refusal("edit.near", before=found.before, after=found.after)
    for kind, key in (("missed", "edit.not_found"), ("same", "edit.same")):
        if named := [change.before for change in draft.changes if change.kind == kind]:
            before = "、".join(dict.fromkeys(named))[:200]
            there = things(draft.fragments, sentence) if kind == "missed" else ""
            raise Refusal("edit.near", before=before, after=there[:200]) if there else Refusal(key, before=before)
    raise Refusal("edit.not_understood", sentence=sentence.strip()[:200])


def _in_their_signs(change: Change, sentence: str) -> Change:
    """The words of a change that was not made, in the signs that the person wrote them in."""
    if change.kind not in _NOTHING_DONE:
        return change
    return replace(change, before=in_script(sentence, change.before), after=in_script(sentence, change.after))


# Refusals of which a model may know better.
_UNREAD = ("edit.near", "edit.not_found", "edit.same", "edit.not_understood")
_NOTHING_DONE = ("missed", "near", "same", "unread")


def _once(fragments: list[Fragment]) -> list[Fragment]:
    """Every tag once, where it first stands; between BREAKs the same tag may be meant twice."""
    if any(one.text in (grammar.BREAK, "AND") for one in fragments):
        return fragments
    kept: dict[str, Fragment] = {}
    for one in fragments:
        kept.setdefault(opposites.plain(one.text), one)
    return list(kept.values())


def _pieces(prompt: Prompt) -> list[Fragment]:
    """The fragments of a prompt that was taken as it stands."""
    read, _ = grammar.pieces(prompt.positive)
    return [Fragment(one.text, one.weight, part_of(one.text), "person", one.text) for one in read]


# ── the new prompt ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _finished(old: Prompt, draft: EditDraft, reader: WordReader) -> Prompt:
    draft.fragments = _once(draft.fragments)
    relook(old, draft, reader.family)
    said = {each: one.text for one in draft.fragments for each in phrases(opposites.plain(one.text))}
    negatives = tuple(
        one
        for one in draft.negatives
        if one.origin != "preset" or speaking_against(opposites.plain(one.text), said) is None
    )
    fragments = tuple(draft.fragments)
    notes = tuple(note for note in old.notes if not note.key.startswith("edit.") and note.key in _LASTING)
    notes += tuple(change.note for change in draft.changes)
    chance = None if old.seed is None else -1  # no seed makes these words of the text any more
    made = Prompt(draft.text or "", fragments, negatives, old.loras, notes, old.raw, chance)
    return await worded(made, old.text, reader)


_LASTING = frozenset(
    {"note.angle", "note.hypernet", "note.lora_left", "note.lora_weight"}
)  # true of whatever the prompt became
