"""Which bracket closes which, and the options between the bars of a choice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.wildcards.lists import SHARE

_BRACKET = re.compile(r"\\.|[()\[\]{}]", re.DOTALL)
_OPENING = {")": "(", "]": "[", "}": "{"}


def options(text: str, start: int, close: int, closes: Mapping[int, int]) -> list[tuple[str, float]]:
    """The options between the bars that belong to this choice itself, each with its share."""
    found: list[tuple[str, float]] = []
    position = begin = start
    while position <= close:
        if position == close or text[position] == "|":
            share = SHARE.match(text, begin, position)
            found.append((text[share.end() if share else begin : position], float(share.group(1)) if share else 1.0))
            begin = position + 1
        elif text[position] == "\\":
            position += 1
        position = closes.get(position, position) + 1
    return found


def pairs(text: str) -> dict[int, int]:
    """Where each bracket that has a partner closes."""
    closes: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    waiting = {"(": 0, "[": 0, "{": 0}
    for sign in _BRACKET.finditer(text):
        token = sign.group()
        if token in waiting:
            stack.append((token, sign.start()))
            waiting[token] += 1
        elif token in _OPENING and waiting[_OPENING[token]]:
            while True:
                kind, start = stack.pop()
                waiting[kind] -= 1
                if kind == _OPENING[token]:
                    break
            closes[start] = sign.start()
    return closes
