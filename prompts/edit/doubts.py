"""Whether what the rules made of a wish may not be what was meant: a clause merely appended as it stands, words that
were only looked up or that nobody can draw, somebody become a thing, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import opposites
from prompts.edit.draft import Change
from prompts.edit.instructions import Instruction
from prompts.edit.numerals import number
from prompts.edit.targets import WordReader, person_in
from prompts.edit.words import category_of, singular, words_of
from prompts.lettering import QUOTED
from prompts.nouns import COMPARED
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE

_UNDONE = ("missed", "near", "unread")
_GUESSED = ("note.untranslated", "note.dictionary")
# Words that name nothing to be drawn: they tell of a wish, and ask somebody to think of what would fit.
_VAGUE = re.compile(
    r"\b(?:something|somewhere|someone|somebody|anything|whatever|maybe|more|less|than|too|so|should|would|could|"
    r"she|he|they|it|it's|its|i|me|my|you|your|we|us|that|there|here|imo|lol|kinda|sorta|like|feels?|looks?|vibes?)\b"
)
_VAGUE_ZH = re.compile("那样|那种|这样|这种|之类|啥|什么|似的|某|感觉")


_JOINING = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "by", "with", "and", "or", "to", "from", "into", "under", "over", "near")
)


async def doubtful(one: Instruction, told: Sequence[Change], reader: WordReader) -> bool:
    """Whether a model should be asked what was meant by a wish; `told` is what came of it."""
    if one.kind == "keep":
        return any(change.kind in _UNDONE for change in told)
    if not told or any(change.kind in _UNDONE or _misread(change) for change in told):
        return True
    added = all(change.kind == "added" for change in told)
    if added and (one.kind == "replace" or (one.kind == "set" and any(_stands_for(change.after) for change in told))):
        return True
    if one.kind in ("set", "add") and added:
        known = entry_of if one.kind == "set" else category_of
        if not all(known(opposites.plain(change.after)) for change in told):
            return True
    if not CHINESE.search(one.value):
        return False
    made = await reader.prompt(one.value)
    vague = _VAGUE_ZH.search(one.value) is not None
    return vague or (made is not None and any(note.key in _GUESSED for note in made.notes))


def _stands_for(tag: str) -> bool:
    """Whether what a wish sets is of a kind that mostly takes the place of another: another pose, another coat."""
    return category_of(opposites.plain(tag)) in ("clothing", "hair", "expression", "pose", "verb", "place", "person")


def _misread(change: Change) -> bool:
    """Whether a change brings words that cannot be drawn, or loses somebody for a thing or a property."""
    if change.kind not in ("added", "replaced"):
        return False
    old, new = change.before.lower(), opposites.plain(QUOTED.sub("", change.after))
    if person_in(old) and not person_in(new) and category_of(new) in ("clothing", "object", "place", ""):
        return True
    if entry_of(new):
        return False
    there = set(words_of(old))
    fresh = [word for word in words_of(new) if word not in there]
    if any(_VAGUE.fullmatch(word) for word in fresh):
        return True
    return change.kind == "replaced" and not all(map(_known, fresh))


def _known(word: str) -> bool:
    """Whether a word names something, or how it is; or only joins two that do."""
    plain = singular(word)
    named = entry_of(word) or category_of(word) or entry_of(plain) or category_of(plain)
    return bool(named or number(word)) or word in _JOINING or word in COMPARED or word in COMPARED.values()
