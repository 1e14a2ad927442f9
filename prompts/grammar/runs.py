"""Runs: the words of a prompt with what each weighs, and words with weights written down again."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from prompts.grammar.attention import ROUND, SQUARE, WEIGHT, number
from prompts.prompt import Note, weighed


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one weight, `depth` groups deep; with `cut` the sign that ends a piece: a comma, a line, BREAK, AND."""

    text: str
    weight: float = 1.0
    depth: int = 0
    cut: bool = False


WILDCARD = r"(?<![^\W_])__[^\W_](?:[^\s,_()\[\]{}<>]|_(?!_))*__"
_SIGN = re.compile(
    rf"\\.|\\\Z|[()\[\]{{}}]|[,、。；！？\r\n]|{WILDCARD}|\bBREAK\b|\bAND\b",
    re.DOTALL,
)
_MARK = re.compile(r"\\.|[()\[\]{}:|]", re.DOTALL)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_DELAYED = re.compile(r"\d*\.\d+|\d+\.\d*")
_LATIN = re.compile(r"[(\[]*[0-9A-Za-z]")


def scan(text: str, notes: list[Note]) -> Iterator[Run]:
    """The runs of a normalised text in order; the mistakes seen on the way are added to `notes`.

    Weight groups are dissolved; `[from:to:when]`, `[a|b]`, `{a|b}`, `__wildcards__` and escapes stay as written. A
    bracket on its own is escaped.
    """
    closes, verbatim = _brackets(text)
    explicit = {match.end() - 1: match for match in WEIGHT.finditer(text)}
    groups: list[tuple[float, int, int]] = [(1.0, -1, -1)]  # weight, where the content ends, where the group ends
    position, closed, letter = 0, -1, ""  # where the last group ended; the sign said last
    while position < len(text):
        (weight, end, close), depth, words = groups[-1], len(groups) - 1, ""
        sign = _SIGN.search(text, position, end if end >= 0 else len(text))
        before = text[position : sign.start() if sign else end if end >= 0 else len(text)]
        if before:
            yield Run(before, weight, depth)
            letter = before[-1]
        if sign is None:
            if end < 0:
                return
            groups.pop()
            closed, position = close, close + 1
            continue
        token, start, position = sign.group(), sign.start(), sign.end()
        if token[0] == "\\" or token.startswith("__"):
            words = token
        elif token in _CLOSING:
            words = "\\" + token if token != "}" else token
        elif token not in "([{":
            yield Run(token, weight, depth, cut=True)
        elif token == "{" and start not in verbatim:
            words = token
        elif (closing := closes.get(start)) is None:  # A1111 weighs everything that follows
            notes.append(Note("note.unclosed", {"column": str(start + 1)}))
            groups[-1] = _finite(weight * (ROUND if token == "(" else SQUARE)), end, close
        elif start in verbatim:
            position = closing + 1
            words = text[start:position]
            if token == "[" and _DELAYED.fullmatch(when := verbatim[start]) and float(when) >= 1:
                notes.append(Note("note.delayed", {"text": words, "weight": when}))
        else:
            if start == closed + 1 and _LATIN.match(letter) and _LATIN.match(text, start):
                words = " "  # "(red)(bus)" is two words
            factor, content = (SQUARE if token == "[" else ROUND), closing
            if token == "(" and closing in explicit:
                written = number(explicit[closing].group(1))
                if written is None:
                    notes.append(Note("note.weight_unreadable", {"text": text[start : closing + 1]}))
                else:
                    factor, content = written, max(explicit[closing].start(), start + 1)
            groups.append((_finite(weight * factor), content, closing))
        if words:
            yield Run(words, weight, depth)
            letter = words[-1]


def _finite(weight: float) -> float:
    return weight if math.isfinite(weight) else 1.0


def said(runs: Sequence[Run]) -> tuple[str, float]:
    """The runs as one text, and what all of it weighs: a weight that only some of the words have stays in the text, as
    in "a (red:0.5) bus"."""
    parts = _trimmed(runs)
    if not parts:
        return "", 1.0
    whole = min(parts, key=lambda run: run.depth).weight
    if whole == 0 and any(run.weight for run in parts):
        whole = 1.0
    text = ""
    for run in parts:
        own = round(run.weight / whole, 4) if whole else 1.0
        if own == 1 or not (words := run.text.strip()):
            text += run.text
        else:
            at = run.text.index(words)
            text += run.text[:at] + weighed(words, own) + run.text[at + len(words) :]
    return text, round(whole, 4)


def _trimmed(runs: Sequence[Run]) -> list[Run]:
    """Neighbours of one weight as one run, without white space around them all."""
    merged: list[tuple[list[str], Run]] = []
    for run in runs:
        if merged and merged[-1][1].weight == run.weight:
            merged[-1][0].append(run.text)
            if run.depth < merged[-1][1].depth:
                merged[-1] = merged[-1][0], run
        elif run.text:
            merged.append(([run.text], run))
    said = [Run("".join(texts), run.weight, run.depth) for texts, run in merged]
    while said and not said[0].text.strip():
        del said[0]
    while said and not said[-1].text.strip():
        del said[-1]
    if said:
        said[0] = Run(said[0].text.lstrip(), said[0].weight, said[0].depth)
        said[-1] = Run(said[-1].text.rstrip(), said[-1].weight, said[-1].depth)
    return said


# Each stage asks for the runs of the same few pieces. Only some are kept: a hostile one has thousands of runs.
@lru_cache(32)
def inner(text: str) -> tuple[Run, ...]:
    """The runs of one piece's text: "a (red:0.5) bus" is "a ", "red" at 0.5, " bus"."""
    return tuple(scan(text, [])) if "(" in text or "[" in text else (Run(text),)


def bare(text: str) -> str:
    """A piece's words without the weights inside it."""
    return "".join(run.text for run in inner(text)) if "(" in text or "[" in text else text


def between(runs: Sequence[Run], start: int, stop: int) -> tuple[Run, ...]:
    """The runs from one character to another of their bare words."""
    found: list[Run] = []
    position = 0
    for run in runs:
        words = run.text[max(0, start - position) : max(0, stop - position)]
        position += len(run.text)
        if words:
            found.append(Run(words, run.weight, run.depth))
    return tuple(found)


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
