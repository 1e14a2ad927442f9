"""The word that will call for what is learnt: offered from the name, and so rare that the model knows nothing by it."""

from __future__ import annotations

import re

from prompts import pinyin
from prompts.clip_tokens import is_one_token
from prompts.tags import entry_of

_LATIN = re.compile(r"[^a-z0-9]+")
LONGEST = 16  # letters: more would be many tokens


def offered(name: str) -> str:
    """A word for a name: 小红 is xiaohongdq. It takes half a second for a Chinese one: call it in a thread."""
    said = _LATIN.sub("", name.lower() if name.isascii() else pinyin.spoken(name).lower())[:LONGEST]
    if not said or said.isdecimal():
        said = "my" + said
    return said if name.isascii() and is_rare(said) else said + "dq"  # pinyin is often somebody's name


def is_rare(word: str) -> bool:
    """Whether the model is likely to know nothing by it: it is no tag, and no word that is often written."""
    return len(word) > 2 and not entry_of(word) and not is_one_token(word)
