"""The text that a person wrote with something in it replaced, taken out or added, and all else as it was typed."""

from __future__ import annotations

import re

from prompts import grammar

SEPARATOR = " \t\r\n,，、。;；"
_EMPTY_OPTION = re.compile(r"\s*--(?:no|negative)\s*(?=\s--|\Z)")
_OPENS, _CLOSES = "([{（【｛", re.compile(r"\s*(?:[:：]\s*[+-]?[\d.]+\s*)?[)\]}）】｝]")


def place_of(text: str, written: str, last: bool = False) -> tuple[int, int] | None:
    """Where something written stands in a text, whatever its width and case; None where it does not."""
    if not written.strip():
        return None
    plain, wanted = grammar.normalise(text).lower(), grammar.normalise(written).lower()
    if len(plain) != len(text):
        plain, wanted = text, written
    found = [
        match.start()
        for match in re.finditer(re.escape(wanted), plain)
        if not (wanted[0].isascii() and wanted[0].isalnum() and plain[: match.start()][-1:].isalpha())
        and not (wanted[-1].isascii() and wanted[-1].isalnum() and plain[match.end() :][:1].isascii()
                 and plain[match.end() :][:1].isalnum())
    ]  # fmt: skip
    return (found[-1 if last else 0], found[-1 if last else 0] + len(wanted)) if found else None


def grouped(text: str, start: int, end: int) -> tuple[int, int]:
    """A span with the brackets and weights that hold nothing but it."""
    while text[:start].rstrip()[-1:] in tuple(_OPENS) and (close := _CLOSES.match(text, end)):
        start, end = len(text[:start].rstrip()) - 1, close.end()
    return start, end


def without(text: str, written: str, *, last: bool = False) -> str | None:
    """The text without something written in it and what separated it; None where it is not there or nothing stays."""
    if (place := place_of(text, written, last)) is None:
        return None
    start, end = grouped(text, *place)
    before, behind = text[:start], text[end:]
    left, right = before.rstrip(SEPARATOR), behind.lstrip(SEPARATOR)
    if not left or not right:
        rest = left + right
    else:
        gap = before[len(left) :] or behind[: len(behind) - len(right)]
        rest = left + gap + right
    rest = _EMPTY_OPTION.sub("", rest)
    return rest if re.search(r"[^\W_]", rest) else None


def put(text: str, written: str, instead: str, *, group: bool = False) -> str | None:
    """The text with something else instead of what was written; with `group`, instead of its brackets too."""
    if (place := place_of(text, written)) is None:
        return None
    if group:
        start, end = grouped(text, *place)
        return text[:start] + instead + text[end:]
    same = _alike(written, instead)  # what stays is left as it was typed, full-width signs and all
    tail = _alike(written[same:][::-1], instead[same:][::-1])
    return text[: place[0] + same] + instead[same : len(instead) - tail] + text[place[1] - tail :]


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
                min(len(one), len(other)))  # fmt: skip


def added(text: str, more: str) -> str:
    """The text with more words, before the options that end it."""
    separator = "，" if re.search(r"[\u4e00-\u9fff]", text) else ", "
    option = re.search(r"\s(?:--|—)[A-Za-z]", text)  # options stand behind the words
    end = option.start() if option else len(text)
    return text[:end].rstrip(SEPARATOR) + separator + more + text[end:]
