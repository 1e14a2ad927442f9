"""Emphasis: what each word of a prompt weighs, in A1111's own floats."""

from __future__ import annotations

import re
from collections.abc import Iterator

ROUND = 1.1
SQUARE = 1 / 1.1
BREAK = "BREAK"
# Multiplying every leaf in A1111's own order gives A1111's very floats, but costs leaves x depth. Real prompts stay far
# below this many multiplications a leaf; beyond it (hostile nesting) the products are made along the tree instead.
_EXACT_WORK = 64

_TOKEN = re.compile(r"\\[()\[\]\\]|\\|[()\[\]]|:|[^\\()\[\]:]+")
WEIGHT = re.compile(r":\s*([+-]?[.\d]+)\s*\)")
_BREAK = re.compile(r"\bBREAK\b")


def attention(text: str, *, exact: bool = False) -> list[tuple[str, float]]:
    """What A1111 reads in a prompt: leaves of text with their weights; a BREAK is the leaf ("BREAK", -1).

    Two departures: a BREAK inside a group stays a break, and a malformed number (`(a:1.2.3)`) is text, not a crash.
    With `exact` only the second: there a BREAK that a group weighs is a word of that weight below zero.
    Schedules and AND are not read here: A1111 takes them out before.
    Source: the behaviour of `parse_prompt_attention` in AUTOMATIC1111/stable-diffusion-webui.
    """
    leaves: list[str] = []
    breaks: set[int] = set()
    ranges: list[tuple[int, int, float, bool]] = []  # start, end, factor, round; in the order in which groups close
    opened: dict[str, list[int]] = {"(": [], "[": []}
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None  # the alternatives cover every character
        token = found.group()
        position = found.end()
        if token[0] == "\\":
            leaves.append(token[1:])
            continue
        if token in opened:
            opened[token].append(len(leaves))
            continue
        if token == ":" and (weight := WEIGHT.match(text, found.start())):
            factor = number(weight.group(1))
            if opened["("] and factor is not None:
                ranges.append((opened["("].pop(), len(leaves), factor, True))
                position = weight.end()
                continue
            # As one literal: A1111 takes it whole, and `:1.2.3` must not swallow the bracket that closes its group.
            position = weight.end() if factor is not None else weight.end() - 1
            token = text[found.start() : position]
        elif token == ")" and opened["("]:
            ranges.append((opened["("].pop(), len(leaves), ROUND, True))
            continue
        elif token == "]" and opened["["]:
            ranges.append((opened["["].pop(), len(leaves), SQUARE, False))
            continue
        for index, part in enumerate(_split_at_breaks(token)):
            if index:
                breaks.add(len(leaves))
                leaves.append(BREAK)
            leaves.append(part)
    ranges += [(start, len(leaves), ROUND, True) for start in opened["("]]
    ranges += [(start, len(leaves), SQUARE, False) for start in opened["["]]
    weights = _weights(len(leaves), ranges)
    if exact:
        words = {index for index in breaks if weights[index] != 1.0}
        weights = [-weight if index in words else weight for index, weight in enumerate(weights)]
        breaks -= words
    return _merged(leaves, weights, breaks)


def _split_at_breaks(text: str) -> Iterator[str]:
    """The texts between BREAKs, without white space around each BREAK (a pattern with `\\s*` first is quadratic)."""
    start, after_break = 0, False
    for found in _BREAK.finditer(text):
        part = text[start : found.start()].rstrip()
        yield part.lstrip() if after_break else part
        start, after_break = found.end(), True
    yield text[start:].lstrip() if after_break else text


def number(text: str) -> float | None:
    """The number that a text is, as Python reads it; None for any other text."""
    try:
        return float(text)
    except ValueError:
        return None


def _weights(count: int, ranges: list[tuple[int, int, float, bool]]) -> list[float]:
    weights = [1.0] * count
    if sum(end - start for start, end, _, _ in ranges) <= _EXACT_WORK * (count + 64):
        for start, end, factor, _ in ranges:
            for index in range(start, end):
                weights[index] *= factor
        return weights
    for kind in (True, False):  # groups of one kind of bracket are nested in each other; the two kinds may cross
        nested = sorted((r for r in ranges if r[3] is kind and r[0] < r[1]), key=lambda r: (r[0], -r[1]))
        open_until: list[int] = []
        products = [1.0]
        following = 0
        for index in range(count):
            while open_until and open_until[-1] <= index:
                open_until.pop()
                products.pop()
            while following < len(nested) and nested[following][0] == index:
                open_until.append(nested[following][1])
                products.append(products[-1] * nested[following][2])
                following += 1
            weights[index] *= products[-1]
    return weights


def _merged(leaves: list[str], weights: list[float], breaks: set[int]) -> list[tuple[str, float]]:
    """Neighbours of equal weight as one leaf; a break stands alone."""
    merged: list[tuple[list[str], float, bool]] = []
    for index, (leaf, weight) in enumerate(zip(leaves, weights, strict=True)):
        if index in breaks:
            merged.append(([BREAK], -1, True))
        elif merged and merged[-1][1] == weight and not merged[-1][2]:
            merged[-1][0].append(leaf)
        else:
            merged.append(([leaf], weight, False))
    return [("".join(texts), weight) for texts, weight, _ in merged] or [("", 1.0)]
