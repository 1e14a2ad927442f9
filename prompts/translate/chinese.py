"""What counts as Chinese, and traditional Chinese as simplified, with Taiwan's words for things as the mainland's."""

from __future__ import annotations

import re
from functools import cache

import opencc

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


def readings(text: str) -> tuple[str, ...]:
    """The text in simplified Chinese: sign by sign, and with Taiwan's words for things as the mainland's where that
    differs. Only the text itself when it is simplified already, or has a lone surrogate, which no converter takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return (text,)
    plain = _PARTICLE.sub("着", _to_simplified().convert(text))
    if plain == text:
        return (text,)
    return tuple(dict.fromkeys((_PARTICLE.sub("着", _from_taiwan().convert(text)), plain)))


def simplified(text: str) -> str:
    """The text in simplified Chinese, with Taiwan's words for things as the mainland's."""
    return readings(text)[0]


def sign_by_sign(text: str) -> str:
    """The text in simplified Chinese, as long as it was: what stands at a place there stands at the same place here."""
    plain = readings(text)[-1]
    return plain if len(plain) == len(text) else text


def traditional(text: str) -> str:
    """The text in traditional Chinese."""
    made: str = _to_traditional().convert(text)
    return made.replace("着", "著")
