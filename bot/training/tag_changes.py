"""What somebody writes to change the captions of pictures that are to be learnt from, read: `3: 红裙子, 微笑`,
`+ outdoors`, `删 微笑`, `rename a = b`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prompts.errors import Refusal

LONGEST = 200  # characters of a tag
MOST = 60  # tags in a caption
Does = Literal["set", "plus", "minus", "rename"]

_NUMBERS = r"(?P<numbers>第?\s*\d+(?:\s*(?:[-–~～至到]|[,，、\s])\s*\d+)*\s*(?:张|張|号|號)?)"
_FOR = re.compile(rf"{_NUMBERS}\s*[:：]\s*(?P<rest>.*)", re.DOTALL)
_ALL = re.compile(r"(?:all|everything|全部|所有|每张|每張)\s*[:：]\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_PLUS = re.compile(r"(?:[+＋]|(?:加上|加|添加|add)(?=\s))\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_MINUS = re.compile(
    r"(?:[-－–−]|(?:删除|刪除|删掉|刪掉|删|刪|去掉|remove|delete|drop)(?=\s))\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_RENAME = re.compile(
    r"(?:rename|replace|改名|改成|改|换|換)\s+(?P<old>.+?)\s*(?:=|＝|->|→|\bto\b|改成|换成|換成|为|為)\s*(?P<new>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPAN = re.compile(r"(\d+)(?:\s*[-–~～至到]\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class TagChange:
    """What becomes of captions: `tags` are put in the place of all there are, added, taken away, or (one alone) called
    `to`. `places` are the numbers of the pictures, from 1; () means all. Tags are in the words that were written."""

    does: Does
    tags: tuple[str, ...]
    places: tuple[int, ...] = ()
    to: str = ""


def changes(text: str, count: int) -> tuple[TagChange, ...]:
    """What a text asks for, a line for each change, of `count` pictures. Raises Refusal `training.tags_how` for what is
    no change, `training.no_picture` for a number that no picture has."""
    lines = [line.strip() for line in re.split(r"[\n;；]", text) if line.strip()]
    if not lines:
        raise Refusal("training.tags_how", text="")
    return tuple(_change(line, count) for line in lines)


def is_change(text: str) -> bool:
    """Whether a text begins as one that changes captions."""
    text = text.strip()
    return any(pattern.match(text) for pattern in (_FOR, _ALL, _PLUS, _MINUS, _RENAME))


def tags_of(caption: str) -> tuple[str, ...]:
    """The tags of a caption, each once."""
    found = [" ".join(one.split())[:LONGEST] for one in re.split("[,，、]", caption)]
    return tuple({one.casefold(): one for one in reversed(found) if one}.values())[::-1][:MOST]


def changed(caption: str, change: TagChange) -> str:
    """A caption after a change; one that has no tag of these stays as it is."""
    had = tags_of(caption)
    named = {one.casefold() for one in change.tags}
    if change.does == "set":
        now = change.tags
    elif change.does == "plus":
        now = (*had, *change.tags)
    elif change.does == "minus":
        now = tuple(one for one in had if one.casefold() not in named)
    else:
        now = tuple(change.to if one.casefold() in named else one for one in had)
    return ", ".join(tags_of(", ".join(now)))


def _change(line: str, count: int) -> TagChange:
    places: tuple[int, ...] = ()
    numbered = _FOR.fullmatch(line)
    if numbered:
        places, rest = _places(numbered["numbers"], count), numbered["rest"].strip()
    else:
        every = _ALL.fullmatch(line)
        rest = every["rest"].strip() if every else line
        numbered = every
    if match := _RENAME.fullmatch(rest):
        old, new = tags_of(match["old"]), tags_of(match["new"])
        if len(old) != 1 or len(new) != 1:
            raise Refusal("training.tags_how", text=line[:60])
        return TagChange("rename", old, places, new[0])
    does: Does
    if match := _PLUS.fullmatch(rest):
        does, said = "plus", match["rest"]
    elif match := _MINUS.fullmatch(rest):
        does, said = "minus", match["rest"]
    elif numbered:
        does, said = "set", rest
    else:
        raise Refusal("training.tags_how", text=line[:60])
    tags = tags_of(said)
    if not tags and does != "set":
        raise Refusal("training.tags_how", text=line[:60])
    return TagChange(does, tags, places)


def _places(said: str, count: int) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in _SPAN.findall(said):
        low, high = int(first), int(last or first)
        for number in (low, high):
            if not 1 <= number <= count:
                raise Refusal("training.no_picture", number=number, count=count)
        found += range(min(low, high), max(low, high) + 1)
    return tuple(dict.fromkeys(found))


def first(made: Sequence[TagChange]) -> int:
    """The number of the first picture that changes are about."""
    return min((min(one.places, default=1) for one in made), default=1)


def numbers(places: Sequence[int]) -> str:
    """Numbers as they are written: `1-3, 7`."""
    spans: list[list[int]] = []
    for number in sorted(places):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in spans)
