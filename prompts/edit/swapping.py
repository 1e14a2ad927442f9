"""Two things that change places, or only their colours: "swap the cat and the dog", "帽子和裙子的颜色换一下"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts.edit.draft import Change, EditDraft
from prompts.edit.groups import groups
from prompts.edit.instructions import Instruction
from prompts.edit.likeness import called
from prompts.edit.rivals import kind_of
from prompts.edit.targets import WordReader, matches, person_in, without_presets
from prompts.edit.words import category_of, head
from prompts.nouns import with_articles
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries


async def swapped(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether two words of the text could change places; then they have."""
    plain = chinese.sign_by_sign(draft.text or "")
    if one.coloured:
        spans = await _colours(draft, one, plain, reader)
    else:
        spans = _spans(plain, (one.target, one.value) if one.value else _beings(draft))
    if draft.text is None or spans is None:
        return False
    first, second = sorted(spans)
    text = draft.text
    said = text[: first[0]] + text[slice(*second)] + text[first[1] : second[0]] + text[slice(*first)]
    said = with_articles(said + text[second[1] :])
    made = await reader.prompt(said)
    if made is None or len(without_presets(made.fragments)) != len(without_presets(draft.fragments)):
        return False
    presets = [each for each in draft.fragments if each.origin == "preset"]
    old, new = text[slice(*first)], text[slice(*second)]
    draft.text, draft.fragments = said, [*presets, *without_presets(made.fragments)]
    draft.changes.append(Change("replaced", f"{old} · {new}", f"{new} · {old}"))
    return True


_Span = tuple[int, int]


def _spans(plain: str, names: Sequence[str]) -> tuple[_Span, _Span] | None:
    """Where the words that are to change places stand, each once: the two names, and where a text says which of the two
    is on the left and which on the right, these words."""
    if len(names) != 2 or not all(names):
        return None
    found = [_places(plain, name) for name in _sides(plain, names) or names]
    return (found[0][0], found[1][0]) if all(len(each) == 1 for each in found) else None


def _places(plain: str, name: str) -> list[_Span]:
    word = re.escape(name) if CHINESE.search(name) else rf"\b{re.escape(name)}\b"
    return [each.span() for each in re.finditer(word, plain, re.IGNORECASE)]


def _sides(plain: str, names: Sequence[str]) -> tuple[str, str] | None:
    """The words by which a text says which of two things is on the left and which on the right."""
    for words in (("左", "右"), ("left", "right")):
        if all(len(_places(plain, each)) == 1 for each in words):
            clauses = [next((each for each in _CLAUSE.split(plain) if side in each.lower()), "") for side in words]
            if clauses[0] != clauses[1] and all(any(name in each for each in clauses) for name in names):
                return words
    return None


_CLAUSE = re.compile(r"[,，。;；\n]|\band\b")


def _beings(draft: EditDraft) -> list[str]:
    """The beings of a text, for "swap them" and "两只动物换一下位置"."""
    plain = chinese.sign_by_sign(draft.text or "")
    if CHINESE.search(plain):
        return _beings_zh(plain)
    heads = [one.name[-1] for one in groups(draft.text or "")]
    return [each for each in heads if person_in(each) or category_of(each) in _BEINGS]


def _beings_zh(plain: str) -> list[str]:
    """The words for beings in a Chinese text, each the longest that stands there."""
    known, found, at = entries(), [], 0
    while at < len(plain):
        words = (plain[at : at + size] for size in range(4, 0, -1))
        named = next((word for word in words if word in known and known[word].category in _BEINGS), "")
        found += [named] if named and plain[at] not in "一两几" else []
        at += len(named) or 1
    return found


_BEINGS = ("person", "animal", "myth")


async def _colours(draft: EditDraft, one: Instruction, plain: str, reader: WordReader) -> tuple[_Span, _Span] | None:
    """Where the text says the colours of the two things: of both that are named, or of the only two of a name."""
    if not CHINESE.search(plain):
        tags = [tag for each in (one.target, one.value) if each for tag in (await reader.tags(each))[-1:]]
        names = [called(head(tag.text)) for tag in tags]
        told = [
            each.start + place.start()
            for each in groups(plain)
            if called(each.name[-1]) in names
            for place in re.finditer(r"[a-z]+", plain[each.start : each.end].lower())
            if kind_of(place.group()) == "colour"
        ]
        ends = [at + len(re.match(r"\w+", plain[at:]).group()) for at in told]  # type: ignore[union-attr]
        return ((told[0], ends[0]), (told[1], ends[1])) if len(told) == 2 else None
    spans: list[_Span] = []
    for name in (one.target, one.value):
        found = (await matches(draft.fragments, name, reader))[0] if name else []
        for at in found if len(found) == (1 if one.value else 2) else ():
            span = _coloured(plain, chinese.simplified(draft.fragments[at].source))
            spans += [span] if span else []
    return (spans[0], spans[1]) if len(spans) == 2 and spans[0] != spans[1] else None


def _coloured(plain: str, source: str) -> _Span | None:
    """Where the colour of a thing stands in a text, by the words from which the thing was read."""
    start = plain.find(source)
    for size in (4, 3, 2, 1):
        for at in range(len(source) - size + 1):
            known = entries().get(source[at : at + size])
            if start >= 0 and known and known.category == "colour":
                return start + at, start + at + size
    return None
