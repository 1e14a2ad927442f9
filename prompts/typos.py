"""Slips of the pen in English tags, and the word that was most likely meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from prompts import clip_tokens
from prompts.spelling import near
from prompts.translate.glossary import entries

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = re.compile(r"\d")
_SHORT = 4
_SHORTEST_TAG, _LONGEST_TAG = 5, 40
_ENDINGS = ("s", "es", "ed", "ing", "er", "y", "ly", "d", "r")


@cache
def _tag_names() -> tuple[str, ...]:
    """Every tag once, in small letters."""
    return tuple(sorted({entry.tag.lower() for entry in entries().values()}))


@cache
def _vocabulary() -> Mapping[str, int]:
    """The words of all tags, with the number of tags each is in."""
    found: dict[str, int] = {}
    for tag in _tag_names():
        for word in re.findall(r"[a-z]{4,}", tag):
            found[word] = found.get(word, 0) + 1
    return found


# Words that English does not write together with what is before them, as it does "spiderweb" and "bedroom".
_APART = frozenset(
    {"hair", "eyes", "dress", "skirt", "background", "sleeves", "view", "lighting", "quality", "painting", "style"}
)


@cache
def _joined() -> Mapping[str, str]:
    """Tags of two words by what they are when written as one."""
    joined = (tag for tag in _tag_names() if tag.count(" ") == 1 and tag.rpartition(" ")[2] in _APART)
    return {tag.replace(" ", ""): tag for tag in joined}


@cache
def _by_start() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for word in _vocabulary():
        found.setdefault(word[:2], []).append(word)
    return {start: tuple(each) for start, each in found.items()}


def _one_slip(word: str) -> Iterator[str]:
    """Every text one letter left out, added, changed or swapped away from a word."""
    for at in range(len(word) + 1):
        left, right = word[:at], word[at:]
        if right:
            yield left + right[1:]
            if len(right) > 1:
                yield left + right[1] + right[0] + right[2:]
        for letter in _LETTERS:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]


# Of CLIP's tokens the first are what is written most: "bleu" is its 30,114th, "moss" its 12,815th.
_WRITTEN_OFTEN = 15_000


@cache
def _tags() -> Mapping[str, int]:
    """The tags, and in how many others the words of each are."""
    words = _words_of_tags()
    return {tag: min(words[word] for word in tag.split()) for tag in _tag_names() if tag}


@cache
def _words_of_tags() -> Counter[str]:
    return Counter(word for tag in _tag_names() for word in tag.split())


@lru_cache(2048)
def nearest_tag(text: str) -> str:
    """The tag that a person most likely meant by a few words that are none, one letter in one of them being wrong that
    makes it no word: "blak hair", "1gril"; empty where none is near."""
    text = " ".join(text.lower().split())
    words = text.split(" ")
    if text in _tags() or not _SHORTEST_TAG <= len(text) <= _LONGEST_TAG or not text.isascii():
        return ""
    if len(words) == 1 and text.isalpha():
        return ""  # `nearest` looks at it
    found: list[str] = []
    for at, word in enumerate(words):
        if not _may_be_wrong(word):
            continue
        before, behind = " ".join([*words[:at], ""]), " ".join(["", *words[at + 1 :]])
        meant = (
            slip for slip in _one_slip(word) if _DIGITS.findall(slip) == _DIGITS.findall(word) and slip != f"a{word}"
        )
        found += [tag for slip in meant if (tag := before + slip + behind) in _tags()]
    return max(found, key=lambda tag: (_tags()[tag], len(tag) == len(text))) if found else ""


def _may_be_wrong(word: str) -> bool:
    """Whether a word is none that we know or that is often written, in any of its forms."""
    known = _words_of_tags()
    forms = {word, word.replace("our", "or"), *(word.removesuffix(end) for end in _ENDINGS)}
    return word.isalnum() and len(word) > 2 and not any(form in known for form in forms) and not _is_usual(word)


def _is_usual(word: str) -> bool:
    known = clip_tokens.tokens(word)
    return len(known) == 1 and known[0] < _WRITTEN_OFTEN


@lru_cache(2048)
def nearest(word: str) -> str:
    """The word of our tags that a person most likely meant by a word that is none; empty for a word that is one, or
    that is near to none."""
    word = word.lower()
    known = _vocabulary()
    if word in known or any(word.endswith(end) and word.removesuffix(end) in known for end in _ENDINGS):
        return ""
    if clip_tokens.is_one_token(word):
        return ""
    if word in _joined():
        return _joined()[word]
    slipped = [each for each in _one_slip(word) if each in known and each != f"a{word}"]  # no "asymmetrical"
    if len(word) == _SHORT:  # too short for more than letters out of order, left out or doubled: "wisp" is no "wish"
        slipped = [
            each for each in slipped if _is_usual(each) and (len(each) != _SHORT or sorted(each) == sorted(word))
        ]
    if slipped:
        return max(slipped, key=lambda each: (known[each], len(each) == len(word)))
    if len(word) >= 8:
        alike = _by_start().get(word[:2], ())
        return near(
            word, (each for each in alike if abs(len(each) - len(word)) < 2 and not word.startswith(each)), parts=False
        )
    return ""
