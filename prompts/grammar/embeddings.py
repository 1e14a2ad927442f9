"""Textual inversions named as ComfyUI does it: `embedding:name`, `embedding:name.pt`, `embedding:name:1.2`."""

from __future__ import annotations

import re

NAMED = re.compile(r"embedding:([\w.\-]+)", re.IGNORECASE)
_WEIGHED = re.compile(rf"(?<![\w(])({NAMED.pattern}:([0-9]+(?:\.[0-9]+)?))(?![\w.:)])", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:pt|pth|bin|ckpt|safetensors)\Z", re.IGNORECASE)


def name_of(said: str) -> str:
    """The name in `embedding:name.pt`, without the end of its file; the text itself where it begins otherwise."""
    named = NAMED.match(said)
    return _SUFFIX.sub("", named.group(1)) if named else said


def without_suffixes(text: str) -> str:
    """The text with `embedding:name` for every `embedding:name.pt`."""
    return NAMED.sub(lambda named: f"embedding:{name_of(named.group())}", text) if "." in text else text


def weighed(text: str) -> str:
    """The text with every `embedding:name:1.2` in the brackets that make a weight of its number."""
    return _WEIGHED.sub(r"(\1)", text) if "embedding:" in text.casefold() else text
