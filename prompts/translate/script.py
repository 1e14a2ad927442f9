"""Traditional Chinese as simplified, with Taiwan's words for things as the mainland's."""

from __future__ import annotations

from functools import cache

import opencc


@cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _from_taiwan() -> opencc.OpenCC:
    return opencc.OpenCC("tw2sp")


def simplified(text: str) -> str:
    """The text in simplified Chinese; a text that is simplified already comes back as it is, and so does one with a
    lone surrogate, which no converter takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text
    if _to_simplified().convert(text) == text:
        return text
    converted: str = _from_taiwan().convert(text)
    return converted
