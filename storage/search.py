"""Words to look for, and how text is folded so that they are found."""

from __future__ import annotations

import unicodedata

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

# SQLite refuses patterns over 50,000 bytes and expressions 1,000 deep; nobody remembers a picture by more than this.
MAX_WORDS = 24
MAX_WORD = 200


def fold(text: str) -> str:
    """The text as it is compared: compatibility forms united (ＡＢＣ = abc), lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def containing(column: InstrumentedAttribute[str], words: str) -> list[ColumnElement[bool]]:
    """One condition per word; `%` and `_` in a word stand for themselves. The column holds folded text."""
    wanted = dict.fromkeys(word[:MAX_WORD] for word in fold(words).split())
    return [column.contains(word, autoescape=True) for word in list(wanted)[:MAX_WORDS]]
