"""A1111's prompt syntax: weights, pieces and LoRAs out of any text whatever, in linear time, without ever failing."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from prompts.prompt import LoraUse, Note

ROUND = 1.1
SQUARE = 1 / 1.1
BREAK = "BREAK"
# Multiplying every leaf in A1111's own order gives A1111's very floats, but costs leaves x depth. Real prompts stay far
# below this many multiplications a leaf; beyond it (hostile nesting) the products are made along the tree instead.
_EXACT_WORK = 64

_TOKEN = re.compile(r"\\[()\[\]\\]|\\|[()\[\]]|:|[^\\()\[\]:]+")
_WEIGHT = re.compile(r":\s*([+-]?[.\d]+)\s*\)")
_BREAK = re.compile(r"\bBREAK\b")


def attention(text: str) -> list[tuple[str, float]]:
    """What A1111 reads in a prompt: leaves of text with their weights; a BREAK is the leaf ("BREAK", -1).

    Two departures: a BREAK inside a group stays a break, and a malformed number (`(a:1.2.3)`) is text, not a crash.
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
        if token == ":" and (weight := _WEIGHT.match(text, found.start())):
            number = _number(weight.group(1))
            if opened["("] and number is not None:
                ranges.append((opened["("].pop(), len(leaves), number, True))
                position = weight.end()
                continue
            # As one literal: A1111 takes it whole, and `:1.2.3` must not swallow the bracket that closes its group.
            position = weight.end() if number is not None else weight.end() - 1
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
    return _merged(leaves, _weights(len(leaves), ranges), breaks)


def _split_at_breaks(text: str) -> Iterator[str]:
    """The texts between BREAKs, without white space around each BREAK (a pattern with `\\s*` first is quadratic)."""
    start, after_break = 0, False
    for found in _BREAK.finditer(text):
        part = text[start : found.start()].rstrip()
        yield part.lstrip() if after_break else part
        start, after_break = found.end(), True
    yield text[start:].lstrip() if after_break else text


def _number(text: str) -> float | None:
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


# ── <lora:…> ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_NETWORK = re.compile(r"<(lora|lyco|hypernet)\s*[:：]\s*([^<>:：\n]+)((?:[:：][^<>:：\n]*)*)>", re.IGNORECASE)


def loras(text: str) -> tuple[str, tuple[LoraUse, ...]]:
    """The text without its `<lora:name>`, `<lora:name:weight>` and `<lora:name:text:unet>`, and what they name."""
    rest, found, _ = networks(text)
    return rest, found


def networks(text: str) -> tuple[str, tuple[LoraUse, ...], tuple[Note, ...]]:
    """As `loras`, with a note for every weight that is no number and every `<hypernet:…>`, which is left out."""
    found: list[LoraUse] = []
    notes: list[Note] = []

    def take(match: re.Match[str]) -> str:
        kind, name, tail = match.group(1).lower(), match.group(2).strip(), match.group(3)
        if kind == "hypernet":
            notes.append(Note("note.hypernet", {"name": name}))
            return ""
        weights: list[float] = []
        for position, word in enumerate(re.split("[:：]", tail)[1:3]):
            key, _, value = word.rpartition("=")
            number = _number(value.strip())
            if number is None or not math.isfinite(number) or key.strip() not in ("", "te", "unet"):
                notes.append(Note("note.lora_weight", {"name": name, "value": word.strip()}))
                number = 1.0
            weights.insert(0 if key.strip() == "te" and position else len(weights), number)
        match weights:
            case [text_weight, weight] if text_weight != weight:
                found.append(LoraUse(name, weight, text_weight))
            case [*_, weight]:
                found.append(LoraUse(name, weight))
            case _:
                found.append(LoraUse(name))
        return ""

    return _NETWORK.sub(take, text), tuple(found), tuple(notes)


# ── full-width forms ──────────────────────────────────────────────────────────────────────────────────────────────────

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


# ── pieces: what stands between commas ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two commas, with the weight of the groups around it.

    `text` is as written, its brackets balanced or escaped. `listed` says that it goes on an enumeration (、) begun by
    the piece before. A "break" or "and" piece is the word itself, standing between chunks or conditionings.
    """

    text: str
    weight: float = 1.0
    kind: Literal["text", "break", "and"] = "text"
    listed: bool = False


_SIGN = re.compile(
    r"\\.|\\\Z|[()\[\]{}]|[,、。；！？\r\n]|(?<![^\W_])__[^\W_](?:[^\s,_()\[\]{}<>]|_(?!_))*__|\bBREAK\b|\bAND\b",
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
    explicit = {match.end() - 1: match for match in _WEIGHT.finditer(text)}
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
                    number = _number(explicit[close].group(1))
                    if number is None:
                        notes.append(Note("note.weight_unreadable", {"text": text[start : close + 1]}))
                    else:
                        factor, content = number, max(explicit[close].start(), start + 1)
                weights.append((weights[-1][0] * factor, content, close))
        elif token in (BREAK, "AND"):
            flush()
            found.append(Piece(token, kind="break" if token == BREAK else "and"))
        else:
            flush(token)
    flush()
    return tuple(found), tuple(notes)


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
