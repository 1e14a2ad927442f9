"""The language that a text's script tells: kana is Japanese, hangul Korean."""

from __future__ import annotations

import re

KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]")
HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7af]")


def language_of(text: str) -> str | None:
    """ "ja" or "ko" for a text that is written in their script, None for any other: signs alone are Chinese."""
    if HANGUL.search(text):
        return "ko"
    # One kana in a clause of Chinese is an ornament ("奶茶の店"), two are grammar.
    return "ja" if len(KANA.findall(text)) > 1 else None
