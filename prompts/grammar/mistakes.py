"""Mistakes in the syntax: hints, each with its column and what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prompts.grammar.attention import number
from prompts.grammar.full_width import normalise
from prompts.grammar.networks import strengths
from prompts.grammar.tree import (
    Alternate,
    And,
    Break,
    ExtraNetwork,
    Group,
    Node,
    Schedule,
    Stray,
    Text,
    Tree,
    Variants,
    parse,
)

MOST = 30  # a hostile text makes thousands of mistakes; nobody reads past some


@dataclass(frozen=True, slots=True)
class Hint:
    """A mistake at `column` (the first character is 1): a text key of bot/texts and its values. `fix` is what to write
    instead of the `length` characters there; None where only the writer knows."""

    key: str
    column: int
    length: int
    values: Mapping[str, str] = field(default_factory=dict)
    fix: str | None = None

    def applied(self, text: str) -> str:
        """The text with the fix in its place; the text itself where there is none."""
        start = self.column - 1
        return text if self.fix is None else text[:start] + self.fix + text[start + self.length :]


def hints(text: str) -> tuple[Hint, ...]:
    """The mistakes seen in a text, in order, at most thirty."""
    tree = parse(text)
    place = _Place(text, tree.normal)
    found: list[Hint] = []
    seen: set[type] = set()
    for node, start, stop, depth in tree.walk():
        seen.add(type(node))
        if len(found) < MOST and (look := _LOOKS.get(type(node))):
            found += look(place, node, start, stop, depth)
    if len(found) < MOST:
        found += _bare_weights(place, tree)
    if seen & {Schedule, Alternate}:
        found += _bars(place, tree)
    return tuple(sorted(found, key=lambda hint: hint.column)[:MOST])


@dataclass(frozen=True, slots=True)
class _Place:
    """The text as written, and the same with full-width signs as syntax."""

    text: str
    plain: str

    def hint(self, key: str, start: int, stop: int, fix: str | None, **values: str) -> Hint:
        return Hint(key, start + 1, stop - start, values, fix)

    def quoted(self, start: int, stop: int) -> str:
        return self.text[start:stop] if stop - start <= _SHORT else self.text[start : start + _SHORT - 1] + "…"


_Look = Callable[[_Place, Node, int, int, int], Iterator[Hint]]
_SHORT = 80  # characters of a text that a sentence can quote
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_TWO_NUMBERS = re.compile(r"\s*([+-]?\d+)\s*,\s*(\d+)\s*")
_DOTS = re.compile(r"\s*([+-]?[.\d]+)\s*")
_FIRST_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
_COMMA_AT_END = re.compile(r"[\s,]*,\s*")
# Looked for near an unclosed bracket: the weight that was to end it, or else the end of the fragment.
_WEIGHT_AHEAD = re.compile(rf"[^()\[\]{{}}\n]{{0,200}}?:\s*{_NUMBER}(?=\s*(?:[,\n]|\Z|BREAK\b|AND\b))")
_FRAGMENT = re.compile(r"(?:(?!\bBREAK\b|\bAND\b)[^,\n()\[\]{}|]){0,200}")
_WEIGHT_BEHIND = re.compile(rf"[^,\n()\[\]{{}}|:]+:\s*{_NUMBER}\s*")
_BARE = re.compile(r"(\s*)([^:]*[^\s:])\s*:\s*(\d?\.\d+)(\s*)")
_PAIR = {"(": ")", "[": "]", "{": "}"}


def _group(place: _Place, node: Node, start: int, stop: int, _depth: int) -> Iterator[Hint]:
    assert isinstance(node, Group)
    last = node.children[-1] if node.children else None
    tail = len(node.tail)
    if last is None or (isinstance(last, Text) and len(node.children) == 1 and not last.text.strip()):
        yield place.hint("note.empty_group", start, stop, "", text=place.quoted(start, stop))
    elif not isinstance(last, Text):
        return
    elif node.explicit:
        ending = place.plain[stop - tail - len(last.text) : stop - tail]
        kept = len(ending.rstrip(", \t\r\n"))
        if "," in ending[kept:]:
            cut = stop - tail - len(ending) + kept
            comma = "" if place.plain[stop : stop + 1] in (",", "") else ","
            fix = place.text[start:cut] + node.tail + comma
            yield place.hint("note.comma_in_group", start, stop, fix, text=place.quoted(start, stop))
    else:
        content = place.plain[stop - 1 - len(last.text) : stop - 1]
        colon = content.rfind(":")
        at = stop - 1 - len(content) + colon
        fix = None
        if colon < 0:
            return
        if place.plain[start] == "[":
            yield from _unreadable(place, start, stop, at)
        elif two := _TWO_NUMBERS.fullmatch(content, colon + 1):
            fix = f"{place.text[start:at]}:{two.group(1)}.{two.group(2)})"
        elif (dots := _DOTS.fullmatch(content, colon + 1)) and number(dots.group(1)) is None:
            first = _FIRST_NUMBER.match(dots.group(1))
            fix = place.text[start:at] + (f":{first.group()})" if first else ")")
        if fix:
            yield place.hint("note.weight_unreadable", start, stop, fix, text=place.quoted(start, stop))


def _unreadable(place: _Place, start: int, stop: int, colon: int) -> Iterator[Hint]:
    """`[a|b:0.5]` and `[a:b:c:0.5]`: neither a schedule nor an alternation."""
    if re.fullmatch(rf"\s*{_NUMBER}\s*", place.plain[colon + 1 : stop - 1][:40]):
        bars = "|" in place.plain[start:colon] and not re.search(r"[()\[\]{}:]", place.plain[start + 1 : colon])
        fix = place.text[start:colon] + place.text[stop - 1] if bars else None
        yield place.hint("note.schedule_unreadable", start, stop, fix, text=place.quoted(start, stop))


def _schedule(place: _Place, node: Node, start: int, stop: int, _depth: int) -> Iterator[Hint]:
    assert isinstance(node, Schedule)
    value = float(node.when)
    if "." not in node.when or value < 1:
        return
    inner = place.text[start + 1 : stop - len(node.tail)]
    if node.before is None:
        fix: str | None = f"({inner}:{node.when})"
    else:
        fix = f"[{inner}:{int(value)}]" if math.isfinite(value) else None
    yield place.hint("note.delayed", start, stop, fix, text=place.quoted(start, stop), weight=node.when)


def _choice(place: _Place, node: Node, start: int, stop: int, _depth: int) -> Iterator[Hint]:
    assert isinstance(node, Variants)
    if len(node.options) > 1 or not node.options[0].children:
        return
    last = node.options[0].children[-1]
    _, colon, weight = normalise(last.text).rpartition(":") if isinstance(last, Text) else ("", "", "")
    if colon and re.fullmatch(rf"\s*{_NUMBER}\s*", weight[:40]):
        fix = f"({place.text[start + 1 : stop - 1]})"
        yield place.hint("note.brace_weight", start, stop, fix, text=place.quoted(start, stop))


def _stray(place: _Place, node: Node, start: int, _stop: int, _depth: int) -> Iterator[Hint]:
    assert isinstance(node, Stray)
    sign, column = place.plain[start], str(start + 1)
    smiling = place.plain[max(0, start - 1) : start] in (":", ";", "=")
    alone = "\\" + sign if smiling and sign in "()[]" else ""  # without a partner it is too much, or a smile
    if sign in _PAIR:
        ahead = (_WEIGHT_AHEAD.match(place.plain, start + 1) if sign == "(" else None) or _FRAGMENT.match(
            place.plain, start + 1
        )
        end = start + 1 + len(ahead.group().rstrip()) if ahead else start + 1
        whole = end > start + 1 and not smiling
        if whole:
            yield place.hint("note.unclosed", start, end, place.text[start:end] + _PAIR[sign], column=column)
        else:
            yield place.hint("note.unclosed", start, start + 1, alone, column=column)
        return
    fix, begin = alone, start
    if sign == ")":
        line = place.plain[max(0, start - 200) : start]
        fragment = re.split(r"[,\n()\[\]{}|]|\bBREAK\b|\bAND\b", line)[-1]
        if _WEIGHT_BEHIND.fullmatch(fragment):
            begin = start - len(fragment.lstrip())
            fix = f"({place.text[begin:start]})"
    yield place.hint("note.unopened", begin, start + 1, fix, column=column)


def _and(place: _Place, _node: Node, start: int, stop: int, depth: int) -> Iterator[Hint]:
    if depth:
        yield place.hint("note.and_in_group", start, stop, None, column=str(start + 1))


def _network(place: _Place, node: Node, start: int, stop: int, _depth: int) -> Iterator[Hint]:
    assert isinstance(node, ExtraNetwork)
    if node.kind == "hypernet":
        yield place.hint("note.hypernet", start, stop, "", name=node.name)
        return
    said, *_ = strengths(node.weights)
    wrong = [value for value in said if not _is_strength(value)]
    if wrong:
        given = [value if _is_strength(value) else _repaired(value) for value in said]
        fix = f"<{node.kind}:{':'.join((node.name, *given))}>"
        yield place.hint("note.lora_weight", start, stop, fix, name=node.name, value=wrong[0])


def _is_strength(text: str) -> bool:
    strength = number(text.rpartition("=")[2].strip())
    return strength is not None and math.isfinite(strength)


def _repaired(text: str) -> str:
    two = _TWO_NUMBERS.fullmatch(normalise(text))
    return f"{two.group(1)}.{two.group(2)}" if two else "1"


_LOOKS: Mapping[type, _Look] = {
    Group: _group,
    Schedule: _schedule,
    Variants: _choice,
    Stray: _stray,
    And: _and,
    ExtraNetwork: _network,
}


def _bare_weights(place: _Place, tree: Tree) -> Iterator[Hint]:
    """`red dress:1.3` without its brackets is text, number and all."""
    position = found = 0
    around = (None, *tree.children, None)
    for before, node, after in zip(around, tree.children, around[2:], strict=False):
        start, position = position, position + sum(map(len, _flat(node)))
        if isinstance(node, Stray):
            return  # the number may be that of an unclosed bracket
        if not isinstance(node, Text):
            continue
        fragments = re.split(r"([,\n])", place.plain[start:position])
        at = start
        for index, fragment in enumerate(fragments):
            begun = index > 0 or before is None or isinstance(before, Break | And)
            ended = index + 1 < len(fragments) or after is None or isinstance(after, Break | And)
            bare = _BARE.fullmatch(fragment) if begun and ended and len(fragment) < 200 else None
            if bare and 0.1 <= float(bare.group(3)) <= 2 and found < MOST and "|" not in fragment:
                first, last = at + bare.end(1), at + bare.start(4)
                fix = f"({place.text[first:last]})"
                yield place.hint("note.bare_weight", first, last, fix, text=place.quoted(first, last))
                found += 1
            at += len(fragment)


def _bars(place: _Place, tree: Tree) -> Iterator[Hint]:
    """A bar outside `[a|b]` and `{a|b}`: A1111 then reads no schedule in the whole text."""
    found = 0
    for node, start, stop, depth in tree.walk():
        if depth or not isinstance(node, Text):
            continue
        at = place.plain.find("|", start, stop)
        if at >= 0 and found < MOST:
            yield place.hint("note.bar", at, at + 1, ",", column=str(at + 1))
            found += 1


def _flat(node: Node) -> Iterator[str]:
    waiting: list[str | Node] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        else:
            waiting.extend(part.parts)
