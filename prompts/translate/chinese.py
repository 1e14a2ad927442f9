"""What counts as Chinese, and traditional Chinese as simplified, with Taiwan's words for things as the mainland's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path

import opencc

from prompts.translate.glossary import entries

_TAIWAN = Path(__file__).parent.parent / "data" / "taiwan.tsv"

# Ideographs of every block, their radicals and signs, and bopomofo: what counts as "Chinese left over".
CHINESE = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _to_traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


@cache
def _from_taiwan() -> opencc.OpenCC:
    return opencc.OpenCC("tw2sp")


# OpenCC keeps 著 where it cannot tell the verb ("famous") from the particle; in a prompt it is the particle.
_PARTICLE = re.compile(r"(?<![显名原土巨编卓专])著(?![名作称者录述])")


class _Aliases:
    """What things are called in Taiwan and Hong Kong, in simplified signs, and the mainland's words for them; the words
    in `ambiguous` mean another thing on the mainland. A word of the glossary in which one of them stands is itself:
    皮夹克 is no wallet."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        ambiguous: set[str] = set()
        for line in _TAIWAN.read_text(encoding="utf-8").splitlines():
            theirs, tab, ours = line.partition("\t")
            if tab and not line.startswith("#"):
                for word in theirs.split():
                    plain = _to_simplified().convert(word.removesuffix("!"))
                    self.words[plain] = ours
                    if word.endswith("!"):
                        ambiguous.add(plain)
        self.words |= {word: word for word in entries() if word not in self.words and self._holds_one(word)}
        self.anywhere = _either(self.words)
        self.certain = _either(word for word in self.words if word not in ambiguous)

    def _holds_one(self, word: str) -> bool:
        return any(word[start:end] in self.words for start, end in combinations(range(len(word) + 1), 2))


def _either(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))


@cache
def _aliases() -> _Aliases:
    return _Aliases()


def _mainland(text: str, plain: str) -> str:
    """The traditional text (`plain`: sign by sign in simplified ones) as people on the mainland say it: our own words
    first, then OpenCC's between them."""

    def convert(part: str) -> str:
        said: str = _to_simplified().convert(_from_taiwan().convert(part))  # Hong Kong's variants, too
        return said

    if len(plain) != len(text):
        return convert(text)
    parts: list[str] = []
    end = 0
    for word in _aliases().anywhere.finditer(plain):
        parts += (convert(text[end : word.start()]), _aliases().words[word.group()])
        end = word.end()
    return "".join([*parts, convert(text[end:])])


def readings(text: str) -> tuple[str, ...]:
    """The text in simplified Chinese: with Taiwan's and Hong Kong's words for things as the mainland's, and sign by
    sign where that differs; of one that is in simplified signs already, first as it is. Only the text itself when there
    is nothing to change."""
    plain = _signs(text)
    if plain == text:
        return tuple(dict.fromkeys((text, _aliases().certain.sub(lambda word: _aliases().words[word.group()], text))))
    return tuple(dict.fromkeys((_PARTICLE.sub("着", _mainland(text, plain)), plain)))


def _signs(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no converter takes
        return text
    return _PARTICLE.sub("着", _to_simplified().convert(text))


def simplified(text: str) -> str:
    """The text in simplified Chinese, with Taiwan's words for things as the mainland's."""
    return readings(text)[0]


def sign_by_sign(text: str) -> str:
    """The text in simplified Chinese, as long as it was: what stands at a place there stands at the same place here."""
    plain = _signs(text)
    return plain if len(plain) == len(text) else text


def traditional(text: str) -> str:
    """The text in traditional Chinese."""
    made: str = _to_traditional().convert(text)
    return made.replace("着", "著")
