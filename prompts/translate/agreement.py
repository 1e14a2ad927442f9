"""Whether a translation of a clause still says what the words are sure of, and denies what they deny."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from prompts.translate.chinese import sign_by_sign
from prompts.translate.roles import names
from prompts.translate.translator import Phrase

_FILE = Path(__file__).parent.parent / "data" / "same-words.tsv"
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*|\d+")
_EMPTY = names(
    "a an the of in on at to by with and or for from into onto over under is are be being been it its this that his "
    "her their very some any who which while as"
)
_ENDINGS = ("iness", "ness", "ing", "ies", "ied", "ers", "ed", "er", "en", "es", "ly", "y", "s", "e")
_DENYING = re.compile(
    r"\b(?:no|not|without|never|none|un\w{3,}|non\w{3,}|in(?:visible|complete)|\w{2,}less|\w+-free|free of|bare\w*|"
    r"empty(?:-handed)?|closed|off|lacking|missing|absent|topless)\b",
    re.IGNORECASE,
)
_NO = re.compile(r"\b(?:no|not|without) (.+)", re.IGNORECASE)
_DENIAL = re.compile("[不没无非未别勿莫免除禁缺休]")


def agrees(answer: Sequence[Phrase], words: Sequence[Phrase], sure: Iterable[str], clause: str) -> bool:
    """Whether the answer of a translator of sentences names all that the words are sure of, and neither loses, reverses
    nor makes up a denial.

    `words` is what the words made of the clause, `sure` the English of the words in it that the glossary has whole.
    """
    said = [_words(phrase.text) for phrase in answer if not phrase.negative]
    denied = [_words(phrase.text) for phrase in answer if phrase.negative]
    unwanted = [_words(phrase.text) for phrase in words if phrase.negative]
    wanted = [_words(tag) for tag in sure if not _DENYING.search(tag)]
    wanted = [one for one in wanted if one and not any(_named(one, [no]) for no in unwanted)]
    if not all(_named(one, said) for one in wanted):
        return False
    if any(_named(no, [one]) for no in denied for one in wanted):
        return False
    if denied and not unwanted and not _DENIAL.search(sign_by_sign(clause)):
        return False
    softened = [_words(phrase.text) for phrase in answer if not phrase.negative and _DENYING.search(phrase.text)]
    plain = [one for one in said if one not in softened]
    if any(_named(no, [one]) for no in unwanted for one in plain):
        return False
    nothing = [_words(tag[1]) for phrase in words if not phrase.negative and (tag := _NO.fullmatch(phrase.text))]
    shown = [_words(phrase.text) for phrase in answer if not phrase.negative and not _NO.search(phrase.text)]
    if any(_named(no, [one]) for no in nothing for one in shown):
        return False
    if any(_DENYING.search(phrase.text) for phrase in words if not phrase.negative and phrase.origin == "glossary"):
        return bool(softened or denied)
    return not unwanted or bool(softened) or all(any(_named([word], denied) for word in no) for no in unwanted)


def tells(texts: Iterable[str], text: str) -> bool:
    """Whether one of some texts names what a text names, in other words perhaps: "a wool scarf" names a shawl."""
    wanted = _words(text)
    return bool(wanted) and any(_named(wanted, [_words(one)]) for one in texts)


def kept(text: str, other: str) -> float:
    """The share of a text's words that another has, too, in 0…1; 1 for a text without any."""
    wanted, there = _words(text), [_words(other)]
    return sum(_named([word], there) for word in wanted) / len(wanted) if wanted else 1.0


def _words(text: str) -> tuple[str, ...]:
    """The words of a phrase that say something, "1girl" as a girl."""
    plain = re.sub(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " ", text.lower().replace("'", ""))
    plain = re.sub(r"\b1 (?=girl|boy|other)", "", plain)
    return tuple(word for word in _WORD.findall(plain) if word not in _EMPTY)


def _named(words: Sequence[str], places: Collection[Sequence[str]]) -> bool:
    """Whether what is said in these places names a phrase: all of its words, or of a long one two in three."""
    heard = {form for place in places for word in place for form in _forms(word)}
    found = sum(not _forms(word).isdisjoint(heard) or any(_joined(word, other) for other in heard) for word in words)
    return found == len(words) if len(words) < 3 else found * 3 >= len(words) * 2


def _joined(word: str, other: str) -> bool:
    """Whether one word is the other with something before it: a courtyard is a yard."""
    short, long = sorted((word, other), key=len)
    return len(short) > 3 and long.endswith(short) and not long.startswith("un")


@cache
def _groups() -> Mapping[str, frozenset[str]]:
    """The numbers of the groups that a word's stem stands in."""
    found: dict[str, set[str]] = {}
    for number, line in enumerate(_FILE.read_text(encoding="utf-8").splitlines()):
        if line and not line.startswith("#"):
            for word in line.split("\t"):
                found.setdefault(word, set()).add(f"#{number}")
    return {word: frozenset(numbers) for word, numbers in found.items()}


@cache
def _numbers() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for word, numbers in _groups().items():
        found[_stem(word)] = found.get(_stem(word), frozenset()) | numbers
    return found


def _forms(word: str) -> frozenset[str]:
    """What two words have in common when they mean one thing: their stem, the stems of a joined word, their groups."""
    stems = {_stem(part) for part in (word, *word.split("-"))}
    return frozenset(stems).union(*(_numbers().get(stem, frozenset()) for stem in stems))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem
    return word
