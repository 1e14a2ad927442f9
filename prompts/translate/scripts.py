"""Writing in other scripts: what language it tells, and what of it nothing here reads."""

from __future__ import annotations

import re

from prompts.translate.chinese import CHINESE

_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
_OTHERS = (
    "\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u0590-\u05ff\u0600-\u06ff\u0700-\u074f\u0750-\u077f\u0780-\u07bf"
    "\u0900-\u0dff\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u10a0-\u10ff\u1100-\u11ff\u1200-\u137f\u1780-\u17ff"
    "\u1800-\u18af\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
)
KANA = re.compile(f"[{_KANA}]")
HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7af]")
_HAN = CHINESE.pattern.removesuffix("+")
# A sign alone is no word but part of a face, as in (´ω｀) and ¯\_(ツ)_/¯; kana beside Chinese signs is one all the
# same. の alone is 的 to people who write Chinese.
_UNREAD = re.compile(
    rf"[{_KANA}]{{2,}}|(?<={_HAN})(?!の)[{_KANA}]|(?!の)[{_KANA}](?={_HAN})"
    rf"|(?:[{_OTHERS}] +)?[{_OTHERS}]{{2,}}(?: +[{_OTHERS}]+)*"
)
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》')


def language_of(text: str) -> str | None:
    """ "ja" or "ko" for a text that is written in their script, None for any other: signs alone are Chinese."""
    if HANGUL.search(text):
        return "ko"
    # One kana in a clause of Chinese is an ornament ("奶茶の店"), two are grammar.
    return "ja" if len(KANA.findall(text)) > 1 else None


def unread(text: str) -> list[str]:
    """The words of other scripts in a text; what stands in quotes is to be drawn as it is, whatever it is."""
    return _UNREAD.findall(_QUOTED.sub(" ", text))


def without_unread(text: str) -> str:
    """The text without them."""
    parts: list[str] = []
    end = 0
    for quoted in _QUOTED.finditer(text):
        parts += (_UNREAD.sub(" ", text[end : quoted.start()]), quoted.group())
        end = quoted.end()
    return "".join([*parts, _UNREAD.sub(" ", text[end:])])
