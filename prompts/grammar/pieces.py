"""Pieces: what stands between two commas, with the weight of the groups around it."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, replace
from typing import Literal

from prompts.grammar.attention import BREAK, ROUND, SQUARE, WEIGHT, number
from prompts.grammar.schedule import SHARE
from prompts.prompt import Note


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two commas, with the weight of the groups around it.

    `text` is as written, its brackets balanced or escaped. `listed` says that it goes on an enumeration (、) begun by
    the piece before. A "break" or "and" piece is the word itself, standing between chunks or conditionings; an "and"
    has the weight of what stands before it, `:1.2 AND`, and the weight of the last conditioning is an "and" without
    the word.
    """

    text: str
    weight: float = 1.0
    kind: Literal["text", "break", "and"] = "text"
    listed: bool = False


WILDCARD = r"(?<![^\W_])__[^\W_](?:[^\s,_()\[\]{}<>]|_(?!_))*__"
_SIGN = re.compile(
    rf"\\.|\\\Z|[()\[\]{{}}]|[,、。；！？\r\n]|{WILDCARD}|\bBREAK\b|\bAND\b",
    re.DOTALL,
)
_MARK = re.compile(r"\\.|[()\[\]{}:|]", re.DOTALL)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_DELAYED = re.compile(r"\d*\.\d+|\d+\.\d*")


def pieces(text: str) -> tuple[tuple[Piece, ...], tuple[Note, ...]]:
    """The pieces of a normalised text and the mistakes seen in it.

    Weight groups are dissolved into the weights of their pieces; `[from:to:when]`, `[a|b]`, `{a|b}`, `__wildcards__`
    and escapes stay as written inside a piece. Empty pieces are left out.
    """
    closes, verbatim = _brackets(text)
    explicit = {match.end() - 1: match for match in WEIGHT.finditer(text)}
    notes: list[Note] = []
    found: list[Piece] = []
    current: list[str] = []
    weights: list[tuple[float, int, int]] = [(1.0, -1, -1)]  # product, where the content ends, where the group ends
    listed = False

    def flush(by: str = "") -> None:
        nonlocal listed
        if written := "".join(current).strip():
            found.append(Piece(written, round(weights[-1][0], 4), listed=listed))
            listed = by == "、"
        elif by != "、":
            listed = False
        current.clear()

    position = 0
    while position < len(text):
        content_end = weights[-1][1]
        sign = _SIGN.search(text, position, content_end if content_end >= 0 else len(text))
        if sign is None:
            if content_end < 0:
                current.append(text[position:])
                break
            current.append(text[position:content_end])
            flush()
            position = weights.pop()[2] + 1
            continue
        current.append(text[position : sign.start()])
        token, start, position = sign.group(), sign.start(), sign.end()
        if token[0] == "\\" or token.startswith("__"):
            current.append(token)
        elif token in _CLOSING:
            current.append("\\" + token if token != "}" else token)
        elif token in "([{":
            close = closes.get(start)
            if token == "{" and start not in verbatim:
                current.append(token)
            elif close is None:  # A1111 weighs everything that follows
                flush()
                notes.append(Note("note.unclosed", {"column": str(start + 1)}))
                end = weights[-1][1:]
                weights[-1] = (weights[-1][0] * (ROUND if token == "(" else SQUARE), *end)
            elif start in verbatim:
                current.append(text[start : close + 1])
                position = close + 1
                if token == "[" and _DELAYED.fullmatch(when := verbatim[start]) and float(when) >= 1:
                    notes.append(Note("note.delayed", {"text": text[start : close + 1], "weight": when}))
            else:
                flush()
                factor, content = (SQUARE if token == "[" else ROUND), close
                if token == "(" and close in explicit:
                    factor_given = number(explicit[close].group(1))
                    if factor_given is None:
                        notes.append(Note("note.weight_unreadable", {"text": text[start : close + 1]}))
                    else:
                        factor, content = factor_given, max(explicit[close].start(), start + 1)
                weights.append((weights[-1][0] * factor, content, close))
        elif token in (BREAK, "AND"):
            flush()
            share = _share(found) if token == "AND" else ""
            found.append(Piece(share + token, kind="break" if token == BREAK else "and"))
        else:
            flush(token)
    flush()
    if any(piece.kind == "and" for piece in found) and (share := _share(found)):
        found.append(Piece(share.strip(), kind="and"))
    return tuple(found), tuple(notes)


def _share(found: list[Piece]) -> str:
    """Takes the weight of a conditioning off its last piece: ":1.2 ", or nothing."""
    if not found or found[-1].kind != "text" or found[-1].weight != 1.0:
        return ""
    before, colon, share = found[-1].text.rpartition(":")
    if not colon or not SHARE.fullmatch(share.strip()):
        return ""
    found[-1:] = [replace(found[-1], text=before.rstrip())] if before.strip() else []
    return f":{share.strip()} "


def _brackets(text: str) -> tuple[dict[int, int], dict[int, str]]:
    """Where each matched bracket closes; and which of them begin a span that is kept as written: `{…}`, schedules and
    alternations, with the `when` of a schedule ("" for none)."""
    closes: dict[int, int] = {}
    scheduled: dict[int, str] = {}
    stack: list[tuple[str, int]] = []
    colon: dict[int, int] = {}  # last colon that stands directly in this [
    bars: set[int] = set()
    strays: list[int] = []
    waiting = {"(": 0, "[": 0, "{": 0}
    for match in _MARK.finditer(text):
        token, start = match.group(), match.start()
        if token in waiting:
            stack.append((token, start))
            waiting[token] += 1
        elif token in _CLOSING and waiting[_CLOSING[token]]:
            while True:
                kind, opening = stack.pop()
                waiting[kind] -= 1
                if kind == _CLOSING[token]:
                    break
                strays.append(opening)
            closes[opening] = start
            if kind == "[" and opening in bars:
                scheduled[opening] = ""
            elif kind == "[" and opening in colon and start - colon[opening] < 32:
                when = text[colon[opening] + 1 : start].strip()
                if re.fullmatch(r"\d+\.?\d*|\.\d+", when):
                    scheduled[opening] = when
        elif token in _CLOSING:
            strays.append(start)
        elif token in ":|" and stack and stack[-1][0] == "[":
            if token == "|":
                bars.add(stack[-1][1])
            else:
                colon[stack[-1][1]] = start
    strays.sort()

    def clean(opening: int) -> bool:
        """No bracket inside is on its own: only then may the span be kept as written."""
        after = bisect.bisect(strays, opening)
        return after == len(strays) or strays[after] > closes[opening]

    verbatim = {
        opening: scheduled.get(opening, "") for opening in closes if opening in scheduled or text[opening] == "{"
    }
    return closes, {opening: when for opening, when in verbatim.items() if clean(opening)}
