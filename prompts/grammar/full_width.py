"""Full-width signs, as Chinese keyboards type them, read as syntax."""

from __future__ import annotations

import re

_WIDE_SYNTAX = str.maketrans("（）：，｜【】｛｝＿＋－．／％＝＃＊～＜＞　", "():,|[]{}_+-./%=#*~<> ")
_WIDE_SYNTAX.update(
    {wide: wide - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for wide in range(ord(first), ord(last) + 1)}
)
# `<word:…>` and its kin, whatever the word is: a name in it may have any sign.
NAMED = re.compile(r"[<＜]\s*[A-Za-zＡ-Ｚａ-ｚ_]+\s*[:：][^<>＜＞\n]*[>＞]")
_POINT = re.compile(r"([:：]\s*[0-9０-９]+)[。·](?=[0-9０-９]+\s*[)）\]】>＞])")


def normalise(text: str) -> str:
    """The text with the full-width signs of Chinese keyboards as syntax (`（：），【】｜`, the point in `：1。2）`),
    except inside `<word:…>`. Every character stays one character, so columns stay true."""
    parts: list[str] = []
    end = 0
    for kept in NAMED.finditer(text):
        parts += [wide(text[end : kept.start()]), kept.group()]
        end = kept.end()
    return "".join([*parts, wide(text[end:])])


def wide(text: str) -> str:
    """The text with all its full-width signs as syntax."""
    return _POINT.sub(r"\1.", text).translate(_WIDE_SYNTAX)
