"""A change of one of several beings: "左边女孩的头发改成金色", "make the boy's shirt red". What the text tells of that
one is changed by itself, and put back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from prompts import opposites
from prompts.edit.draft import Change, EditDraft
from prompts.edit.instructions import Instruction
from prompts.edit.resolving import resolved
from prompts.edit.retold import retold
from prompts.edit.rivals import kind_of
from prompts.edit.targets import WordReader, matches, without_presets
from prompts.edit.words import PEOPLE, category_of, singular
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_BEINGS = ("person", "animal", "myth")
_ORDER = {"第一": 0, "第二": 1, "第三": 2, "另一": 1, "另外一": 1} | {"first": 0, "second": 1, "third": 2, "other": 1}
_SIDED_ZH = re.compile(
    "(?:(?P<side>[左右])(?:手?边|侧|面)?|(?P<order>第[一二三](?=[个只位名])|另外?一(?=[个只位名])))"
    "(?:的?[那这]?[个位只名边])?的?(?P<rest>.*)"
)
_WHICH = r"(?:the )?(?:(?P<side>left|right)(?:-hand)?|(?P<order>first|second|third|other))(?: side)?"
_SIDED_EN = re.compile(rf"{_WHICH}(?: (?P<who>[a-z]+?))?(?:'s (?P<rest>.+))?")
_SIDED_OPEN = re.compile(rf"{_WHICH} (?P<who>[a-z]+?)(?:'s)? (?P<rest>.+)")
_ON_SIDE = re.compile(r"(?:the )?(?P<who>[a-z]+) (?:on|to) the (?P<side>left|right)(?:'s)?(?: (?P<rest>.+))?")
_OWNED = re.compile(r"(?:(?P<zh>.+?)的(?P<zh_rest>[^的]+)|(?:the )?(?P<en>[a-z ]+)'s (?P<en_rest>.+))")
_CUT = re.compile(r"[,，;；。\n]|(?:和|与|跟)(?=一?[个只位名])|\band (?=an? |the |two )")


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whom words speak of: where it stands, which one of several, or what it is called; and what of it (`rest`)."""

    side: str = ""
    order: int | None = None
    name: str = ""
    rest: str = ""


async def scoped(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether a change was asked for of one being among several, and made."""
    if not draft.text or one.kind not in ("replace", "remove", "deny", "shade"):
        return False
    for owner in _owners(one):
        if (region := _region(draft.text, owner)) and await _changed(draft, region, owner, one, reader):
            return True
    return False


async def _changed(
    draft: EditDraft, region: tuple[int, int], owner: _Owner, one: Instruction, reader: WordReader
) -> bool:
    text = draft.text or ""
    part = text[slice(*region)]
    target = owner.rest or next(_beings(part), "")
    made = await reader.prompt(part)
    if made is None or not target:
        return False
    told = EditDraft(list(without_presets(made.fragments)), [], part, draft.readings)
    if one.open and kind_of(target) == "colour":  # "make the right one orange"
        told.text = re.sub(r"[a-z]+", lambda word: target if kind_of(word[0]) == "colour" else word[0], part)
        told.changes.append(Change("replaced", part.strip(), told.text.strip()))
    else:
        inner = await resolved(told, replace(one, target=target), None, reader)
        if not (await matches(told.fragments, inner.target, reader))[0]:
            return False
        await retold(told, inner, reader)
    if not told.text or any(each.kind not in ("replaced", "removed", "added") for each in told.changes):
        return False
    said = text[: region[0]] + told.text + text[region[1] :]
    whole = await reader.prompt(said)
    if whole is None or without_presets(whole.negatives) != without_presets(draft.negatives):
        return False
    kept = {opposites.plain(each.text) for each in whole.fragments}
    if any(opposites.plain(each.text) not in kept for each in _outside(draft, part)):
        return False
    presets = [each for each in draft.fragments if each.origin == "preset"]
    draft.text, draft.fragments = said, [*presets, *without_presets(whole.fragments)]
    draft.changes += told.changes
    return True


def _outside(draft: EditDraft, part: str) -> Iterator[Fragment]:
    """What is told of others."""
    for each in without_presets(draft.fragments):
        if each.source not in part and part not in each.source and CHINESE.search(each.source):
            yield each


def _owners(one: Instruction) -> Iterator[_Owner]:
    said = one.target
    if CHINESE.search(said):
        match = _SIDED_ZH.fullmatch(said)
    else:
        match = _ON_SIDE.fullmatch(said) or (_SIDED_OPEN if one.open else _SIDED_EN).fullmatch(said)
    if match:
        found = match.groupdict()
        rest = (found["rest"] or "").strip()
        rest = rest.rpartition("的")[2] if CHINESE.search(rest) else rest
        rest = "" if not one.open and next(_beings(rest), "") == rest else _without_being(rest)
        yield _Owner(found["side"] or "", _ORDER.get(found.get("order") or ""), rest=rest)
    if match := _OWNED.fullmatch(said):
        yield _Owner(name=match["zh"] or match["en"], rest=match["zh_rest"] or match["en_rest"])


def _without_being(rest: str) -> str:
    """ "头发" of "女孩头发"."""
    being = next(_beings(rest), "")
    return rest.removeprefix(being) if CHINESE.search(rest) and rest.startswith(being) else rest


def _region(text: str, owner: _Owner) -> tuple[int, int] | None:
    """Where a text tells of one being: from the clause that names it to the next that names another."""
    plain = chinese.sign_by_sign(text).lower()
    starts = [0, *(cut.end() for cut in _CUT.finditer(plain))]
    ends = [*(cut.start() for cut in _CUT.finditer(plain)), len(plain)]
    parts = list(zip(starts, ends, strict=True))
    named = [
        at for at, (start, end) in enumerate(parts) if next(_beings(plain[start:end]), "") or _at_side(plain[start:end])
    ]
    if len(named) < 2:
        return None
    if owner.side:
        mine = [at for at in named if _at_side(plain[parts[at][0] : parts[at][1]]) == owner.side]
    elif owner.order is not None:
        mine = named[owner.order : owner.order + 1]
    else:
        mine = [at for at in named if _names(plain[parts[at][0] : parts[at][1]], owner.name)]
    if len(mine) != 1:
        return None
    last = next((at for at in named if at > mine[0]), len(parts)) - 1
    return parts[mine[0]][0], parts[last][1]


def _at_side(part: str) -> str:
    """The side that a clause speaks of, in the word that an owner has for it; empty where it speaks of none."""
    if found := re.search("([左右])(?:手?边|侧|面)", part):
        return found[1]
    found = re.search(r"\b(left|right)\b", part)
    return found[1] if found else ""


def _names(part: str, name: str) -> bool:
    if CHINESE.search(name):
        return name in part
    return singular(name) in {singular(word) for word in re.findall(r"[a-z]+", part)}


def _beings(part: str) -> Iterator[str]:
    """The words for people and animals in a clause, the longest first."""
    if not CHINESE.search(part):
        yield from filter(_is_being, re.findall(r"[a-z]+", part.lower()))
        return
    known = entries()
    for size in range(min(4, len(part)), 0, -1):
        for at in range(len(part) - size + 1):
            entry = known.get(part[at : at + size])
            if entry and entry.category in _BEINGS and not re.match("[一两几]", part[at]):
                yield part[at : at + size]


def _is_being(word: str) -> bool:
    return word in PEOPLE or word in PEOPLE.values() or category_of(singular(word)) in _BEINGS
