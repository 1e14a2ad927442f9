"""Full-width signs, as Chinese keyboards type them, read as syntax."""

from __future__ import annotations

import re

_WIDE_SYNTAX = str.maketrans("（）：，｜【】｛｝＿＋－．／％＝＃＊～　", "():,|[]{}_+-./%=#*~ ")
_WIDE_SYNTAX.update(
    {wide: wide - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for wide in range(ord(first), ord(last) + 1)}
)
_ANGLE = re.compile(r"<[^<>]*>")


def normalise(text: str) -> str:
    """The text with the full-width signs of Chinese keyboards as syntax (`（：），【】｜`), except inside `<…>`.
    Every character stays one character, so columns stay true."""
    parts: list[str] = []
    end = 0
    for kept in _ANGLE.finditer(text):
        parts += [text[end : kept.start()].translate(_WIDE_SYNTAX), kept.group()]
        end = kept.end()
    return "".join([*parts, text[end:].translate(_WIDE_SYNTAX)])
