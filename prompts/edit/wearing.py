"""What is worn where: a hat on the head, a dress in the place of a shirt and a skirt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import opposites
from prompts.edit.word_lists import grouped
from prompts.edit.words import singular

# The groups of what is worn on the body; a dress leaves no room for a shirt or a skirt, nor they for it.
_OVER, _WHOLE, _UPPER, _LOWER = 6, 7, 8, 9
_ONLY_WORN = re.compile(r"(?:(?:wearing|in) )?(?:(?:an? |the )?[\w-]+ ){0,3}[\w-]+")
_SHORT_SLEEVED = ("short sleeves", "sleeveless", "bare shoulders", "bare arms")
_WITH_ITS_JACKET = ("suit", "tuxedo", "business suit")


def worn_at(noun: str) -> int | None:
    """Which place on the body something is worn at; None for what is not worn."""
    if noun in _SHORT_SLEEVED:
        return _UPPER
    return next((at for at, words in enumerate(grouped("worn")) if singular(noun) in words), None)


def is_worn(words: str) -> bool:
    """Whether words name something that is worn."""
    return worn_at(words.split()[-1]) is not None


def covered(worn: Sequence[str], new: str) -> list[int]:
    """Which of the things that are worn there is no room for beside a new one: what is worn at the same place, else
    what it covers."""
    place = worn_at(new)
    if place is None:
        return []
    places = {at: worn_at(each) for at, each in enumerate(worn)}
    taken = {_WHOLE: (_WHOLE, _UPPER, _LOWER), _UPPER: (_UPPER,), _LOWER: (_LOWER,)}.get(place, (place,))
    found = [at for at, each in places.items() if each in taken]
    if not found and place in (_UPPER, _LOWER):
        found = [at for at, each in places.items() if each == _WHOLE]
    if not found and place == _OVER:
        found = [at for at, each in enumerate(worn) if singular(each) in _WITH_ITS_JACKET or each in _SHORT_SLEEVED]
    return found


def only_worn(text: str) -> str:
    """The noun of a fragment that says nothing but that something is worn: "sweater" of "red sweater"; else empty."""
    words = opposites.plain(text)
    if words in _SHORT_SLEEVED:
        return words
    return words.split()[-1] if _ONLY_WORN.fullmatch(words) and is_worn(words) else ""
