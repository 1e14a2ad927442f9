"""What an instruct model's operations do to a prompt, and whether they may: they are on what is there, they are no more
than the sentence names, and nothing that it denies stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts import emphasis, english, grammar, opposites
from prompts.edit.draft import Change, EditDraft, add, erase, rewrite
from prompts.edit.edit_form import EditAnswer
from prompts.edit.instructions import Instruction
from prompts.edit.named import keeps_its_number, only_what_is_named, spoken_of, written_plainly
from prompts.edit.outdated import outdate
from prompts.edit.removing import remove
from prompts.edit.setting import set_words
from prompts.edit.targets import WordReader, matches, without_presets
from prompts.grammar.embeddings import NAMED, name_of
from prompts.lettering import QUOTED
from prompts.prompt import Fragment, Origin, Part, weighed
from prompts.tags import part_of
from prompts.translate.agreement import kept, tells
from prompts.translate.chinese import CHINESE
from prompts.translate.sentences import plain_tags, sound

# Fragments that are no words: what is drawn in turns, what is left to chance, what joins two prompts.
_SYNTAX = re.compile(r"[<>\[\]{}|$@]|__|^(?:BREAK|AND)\b|^:[-+.\d]+")
_OF_WRITING = re.compile(
    r"[字写題题牌标標]|文本|\b(?:text|words?|letters?|lettering|sign|signs|says?|write|written|writing|caption|label|logo)\b",
    re.IGNORECASE,
)
# With these a sentence may mean most of a prompt.
_WIDE = re.compile(
    r"[只全都]|其[他它余餘]|别的|別的|重新|整[个個]|完全|以外|之外|\b(?:only|just|all|every\w*|nothing|else|over|completely|"
    r"entirely|totally|different|rest|keep)\b",
    re.IGNORECASE,
)
_LONG = 5  # words of a phrase that tells of several things: of those not named, most must still be told
_KEPT = 0.5  # of its words
_FREE, _EACH = 8, 2  # new words that any sentence may bring, and for each word or Chinese sign of it
_WEIGHT = re.compile(r"\((?P<what>[^()]+?)(?::\s*[-+.\d]+)?\)")
_HANGING = re.compile(r"^(?:and|with|,)\s+|[\s,]+(?:and|with|in|on|at|of|wearing|holding|an?|the)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NumberedPhrases:
    """The fragments and negatives of a draft that have a number, by where they stand in it, and the sentence."""

    fragments: tuple[int, ...]
    negatives: tuple[int, ...]
    sentence: str


def listed(draft: EditDraft, sentence: str) -> NumberedPhrases:
    """What of a draft a model may change: what a person asked for, in words; an embedding where the sentence has its
    name."""
    own = [at for at, one in enumerate(draft.fragments) if one.origin != "preset" and _is_free(one.text, sentence)]
    unwanted = [at for at, one in enumerate(draft.negatives) if one.origin != "preset" and _is_free(one.text, sentence)]
    return NumberedPhrases(tuple(own), tuple(unwanted), sentence)


def _is_free(text: str, sentence: str) -> bool:
    names = [name_of(found.group()).lower() for found in NAMED.finditer(text)]
    return not _SYNTAX.search(text) and all(name in sentence.lower() for name in names)


async def followed(
    draft: EditDraft,
    answer: EditAnswer,
    at: NumberedPhrases,
    wishes: Sequence[Instruction],
    reader: WordReader,
    origin: Origin,
) -> bool:
    """Whether the operations could be done to the draft, and may stand; else it is spoilt. `wishes` is what the rules
    make of the sentence, `origin` who answers."""
    before = list(draft.fragments)
    texts = await _new_texts(draft, answer, at, reader)
    if texts is None or _too_much(texts, answer, at, len(wishes)):
        return False
    fresh = [*(one for each in texts.changed.values() for one in each), *(text for text, _ in texts.added)]
    if any(tells(fresh, no) for no in texts.denied):
        return False
    gone = {at.fragments[number - 1] for number in answer.removed if number <= len(at.fragments)}
    if not _WIDE.search(at.sentence):
        spoken = await spoken_of(draft, at.sentence, wishes, reader)
        new = [*fresh, *(one.new for one in answer.changed if one.new)]
        if not await only_what_is_named(draft, texts.changed, gone, new, spoken):
            return False
        bare = {index: grammar.bare(before[index].text) for index in texts.changed}
        if any(not keeps_its_number(bare[each], ", ".join(said), at.sentence) for each, said in texts.changed.items()):
            return False
    if any(not _may_go(before[index], "", at.sentence) for index in gone):
        return False
    for index in sorted({*texts.changed, *gone}, reverse=True):
        _put(draft, index, texts.changed.get(index, ()), origin)
    draft.changes.reverse()
    for number in sorted(answer.removed, reverse=True):
        if number > len(at.fragments):
            old = draft.negatives.pop(at.negatives[number - 1 - len(at.fragments)])
            draft.changes.append(Change("removed", f"--no {old.text}"))
            erase(draft, old)
    for text, part in texts.added:
        if opposites.sides(text):
            await set_words(draft, text, reader)  # the night for the day
        else:
            add(draft, Fragment(text, part=part, origin=origin, source=text), text)
    outdate(draft, before, decided=True, emptied=False)
    for no in texts.denied:
        await remove(draft, Instruction("deny", no), reader)
    return await _stands(draft, before, at, wishes, reader)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The words of an answer as they may stand in a prompt; a changed fragment may become several, or none."""

    changed: dict[int, tuple[str, ...]]
    added: tuple[tuple[str, Part], ...]
    denied: tuple[str, ...]


async def _new_texts(draft: EditDraft, answer: EditAnswer, at: NumberedPhrases, reader: WordReader) -> _Texts | None:
    """The words; None where an operation is on nothing that is there, or some of the words are no phrases."""
    numbers = range(1, len(at.fragments) + len(at.negatives) + 1)
    named = [one.number for one in answer.changed]
    if any(number not in numbers for number in (*named, *answer.removed)) or set(named) & set(answer.removed):
        return None
    changed: dict[int, str] = {}
    denied: list[str] = []
    for one in answer.changed:
        if one.number > len(at.fragments):
            return None  # a negative goes or stays
        index = at.fragments[one.number - 1]
        words = await _words(one.new, reader) if one.new else ()
        text = changed.get(index, grammar.bare(draft.fragments[index].text))
        put = None if words is None else _inside(text, one.old, ", ".join(words))
        if put is None:
            return None
        changed[index] = put
    added: list[tuple[str, Part]] = []
    for said, part in answer.added:
        if (words := await _words(said, reader)) is None:
            return None
        for word in words:
            asked, unwanted = english.denied(word)
            denied += unwanted
            added += [(asked, part or part_of(asked))] if asked else []
    for said in answer.denied:
        if (words := await _words(said, reader)) is None:
            return None
        denied += [re.sub(r"^(?:no|without|any) ", "", word) for word in words]
    for index, text in changed.items():
        if not _may_go(draft.fragments[index], text, at.sentence) or _loses(draft.fragments[index], text, at.sentence):
            return None
    texts: dict[int, tuple[str, ...]] = {}
    for index, text in changed.items():
        pieces = [english.denied(one) for one in re.split(r"\s*,\s*", text) if one]
        if not english.denied(grammar.bare(draft.fragments[index].text))[1]:
            denied += [no for _, unwanted in pieces for no in unwanted]
        texts[index] = tuple(asked for asked, _ in pieces if asked)
    return _Texts(texts, tuple(added), tuple(dict.fromkeys(denied)))


async def _words(said: str, reader: WordReader) -> tuple[str, ...] | None:
    """The phrases of what a model says, in English; None where they are none."""
    if CHINESE.search(said):  # small models forget which language was asked for
        return tuple(grammar.bare(one.text) for one in await reader.sure(said)) or None
    said = _WEIGHT.sub(r"\g<what>", said)
    words = plain_tags(said) if written_plainly(said) else ()
    return words if words and sound(", ".join(words), said) else None


def _inside(text: str, old: str, new: str) -> str | None:
    """A phrase with other words for some of it; None where these are not in it."""
    old = " ".join(plain_tags(old)) if old and old not in text else old
    if not old or old.lower() == text.lower():
        return new
    found = re.search(rf"(?<!\w){re.escape(old)}(?!\w)", text, re.IGNORECASE)
    if found is None:
        return None
    said = f"{text[: found.start()]}{new}{text[found.end() :]}"
    said = re.sub(r"\s+([,.])|\s{2,}", lambda gap: gap[1] or " ", said).strip(" ,")
    return said if new else _HANGING.sub("", said)


def _may_go(one: Fragment, text: str, sentence: str) -> bool:
    """Whether what is to be read in the picture stays as it is, or is what the sentence is about."""
    words = QUOTED.findall(one.text)
    return all(each in text for each in words) or bool(_OF_WRITING.search(sentence))


def _loses(one: Fragment, text: str, sentence: str) -> bool:
    """Whether a phrase that tells of several things has lost most of them, and the sentence does not want that. One
    that goes as a whole is counted instead."""
    old = grammar.bare(one.text)
    return bool(text) and len(old.split()) >= _LONG and kept(old, text) < _KEPT and not _WIDE.search(sentence)


def _too_much(texts: _Texts, answer: EditAnswer, at: NumberedPhrases, wishes: int) -> bool:
    """Whether an answer does more than a sentence of that length, with so many wishes, can name."""
    units = len(re.findall(r"[a-z0-9'-]+", at.sentence.lower())) + sum(map(len, CHINESE.findall(at.sentence)))
    new = [one.new for one in answer.changed] + [text for text, _ in texts.added] + list(texts.denied)
    if sum(len(text.split()) for text in new) > _FREE + _EACH * units + sum(
        len(one.old.split()) for one in answer.changed
    ):
        return True
    if len(texts.added) > max(wishes, 2):
        return True
    whole = {one.number for one in answer.changed if not one.old}
    lost = len(whole | set(answer.removed))
    return lost > max(wishes, len(at.fragments) / 2, 1) and not _WIDE.search(at.sentence)


def _put(draft: EditDraft, index: int, texts: Sequence[str], origin: Origin) -> None:
    """Other fragments in the place of one, with its weight and part; without any, it goes."""
    old = draft.fragments[index]
    if not texts:
        del draft.fragments[index]
        draft.changes.append(Change("removed", old.text))
        erase(draft, old)
        return
    if texts == (grammar.bare(old.text),):
        return
    written = [_weighed(old.text, texts[0]), *texts[1:]]
    draft.fragments[index : index + 1] = [replace(old, text=one, source=one, origin=origin) for one in written]
    said = ", ".join(written)
    draft.changes.append(Change("replaced", old.text, said))
    rewrite(draft, old, said, said)


def _weighed(old: str, new: str) -> str:
    """New words with the weights of the old ones'; with the one that there is, where none of the old words is left."""
    said = emphasis.kept(old, new)
    weights = {run.weight for run in grammar.inner(old)} - {1.0}
    return weighed(new, weights.pop()) if len(weights) == 1 and not emphasis.has_weights(said) else said


async def _stands(
    draft: EditDraft, before: Sequence[Fragment], at: NumberedPhrases, wishes: Sequence[Instruction], reader: WordReader
) -> bool:
    """Whether what came of it is a change, and nothing that the sentence denies is there."""
    if any(change.kind in ("missed", "near", "unread") for change in draft.changes):
        return False
    if not any(change.kind != "same" for change in draft.changes):
        return False
    if not any(one.text not in (grammar.BREAK, "AND") for one in without_presets(draft.fragments)):
        return False
    denied = [one for one in wishes if one.kind in ("remove", "deny")]
    stays = set(map(str, before))
    for one in denied:
        for index in (await matches(draft.fragments, one.target, reader))[0]:
            if str(draft.fragments[index]) in stays or len(denied) == len(wishes):
                return False
    unwanted = [one.text for one in without_presets(draft.negatives)]
    said = [one.text for one in without_presets(draft.fragments) if str(one) not in stays]
    return not any(tells(said, no) for no in unwanted)
