"""The tree: a prompt as an immutable tree that prints itself back byte for byte."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from prompts.grammar.attention import ROUND, SQUARE, WEIGHT, number
from prompts.grammar.embeddings import NAMED, name_of
from prompts.grammar.full_width import normalise
from prompts.grammar.networks import NETWORK
from prompts.grammar.runs import WILDCARD
from prompts.grammar.schedule import SHARE, WHEN


@dataclass(frozen=True, slots=True)
class Text:
    """Words, commas and white space."""

    text: str

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Stray:
    """A bracket that pairs with nothing."""

    text: str

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Escape:
    r"""A backslash and what follows: `\(` is a bracket and no syntax."""

    text: str

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Break:
    """BREAK: here the chunk of 75 tokens ends."""

    text: str = "BREAK"

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class And:
    """AND: what stands before and behind is drawn at once, each from its own words."""

    text: str = "AND"

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class AndWeight:
    """How much one side of an AND counts: the ` :1.2` at its end, as written."""

    text: str
    weight: float

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`__name__`: a line from the list of that name."""

    text: str

    @property
    def name(self) -> str:
        return self.text[2:-2]

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Embedding:
    """A textual inversion: a name that is known, or `embedding:name`."""

    text: str
    name: str

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class ExtraNetwork:
    """`<lora:name:weight>`, `<lora:name:te:unet>`, `<hypernet:…>`; `weights` as written between the colons."""

    text: str
    kind: str
    name: str
    weights: tuple[str, ...]

    @property
    def parts(self) -> Parts:
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Group:
    """`(a)`, `(a:1.3)` or `[a]`; `tail` is what follows the content, as written: `:1.3)`."""

    opening: str
    children: tuple[Node, ...]
    tail: str
    weight: float

    @property
    def explicit(self) -> bool:
        """Whether the weight is written down."""
        return len(self.tail) > 1

    @property
    def parts(self) -> Parts:
        return (self.opening, *self.children, self.tail)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`[from:to:when]`; `before` is None in the short form `[to:when]`, `when` the number as written, `tail` what
    follows `after`."""

    opening: str
    before: tuple[Node, ...] | None
    colon: str
    after: tuple[Node, ...]
    when: str
    tail: str

    @property
    def parts(self) -> Parts:
        return (self.opening, *(self.before or ()), self.colon, *self.after, self.tail)


@dataclass(frozen=True, slots=True)
class Alternate:
    """`[a|b]`: each step takes the next; `signs` are the brackets and bars around the options."""

    signs: tuple[str, ...]
    options: tuple[tuple[Node, ...], ...]

    @property
    def parts(self) -> Parts:
        return tuple(_woven(self.signs, self.options))


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the options of a choice; `head` is its weight as written, `2::`."""

    head: str
    weight: float
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Variants:
    """`{a|b|2::c}`: one of the options, drawn by the seed; `signs` as in an alternation."""

    signs: tuple[str, ...]
    options: tuple[Variant, ...]

    @property
    def parts(self) -> Parts:
        return tuple(_woven(self.signs, [(option.head, *option.children) for option in self.options]))


Node = (
    Text
    | Stray
    | Escape
    | Break
    | And
    | AndWeight
    | Wildcard
    | Embedding
    | ExtraNetwork
    | Group
    | Schedule
    | Alternate
    | Variants
)
Parts = tuple["str | Node", ...]


@dataclass(frozen=True)
class Tree:
    """A whole prompt. `str` of it is what was parsed; `normal` is the same with full-width signs as syntax."""

    children: tuple[Node, ...]

    def __str__(self) -> str:
        return written(self.children)

    @cached_property
    def normal(self) -> str:
        return normalise(str(self))

    def walk(self) -> Iterator[tuple[Node, int, int, int]]:
        """Every node with where it starts and stops in the text, and how deep it stands; inner nodes come first."""
        position = 0
        waiting: list[tuple[str | Node, int]] = [(child, 0) for child in reversed(self.children)]
        opened: list[tuple[Node, int, int]] = []
        ends = [len(waiting)]
        while waiting or opened:
            if opened and len(waiting) == ends[-1]:
                node, start, depth = opened.pop()
                ends.pop()
                yield node, start, position, depth
                continue
            part, depth = waiting.pop()
            if isinstance(part, str):
                position += len(part)
                continue
            opened.append((part, position, depth))
            ends.append(len(waiting))
            waiting += [(inner, depth + 1) for inner in reversed(part.parts)]


def written(nodes: Iterable[Node]) -> str:
    """The nodes as they were written."""
    said: list[str] = []
    waiting: list[str | Node] = []
    waiting.extend(nodes)
    waiting.reverse()
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            said.append(part)
        else:
            waiting.extend(reversed(part.parts))
    return "".join(said)


def _woven(signs: Sequence[str], options: Sequence[Sequence[str | Node]]) -> Iterator[str | Node]:
    for sign, option in zip(signs, (*options, ()), strict=True):
        yield sign
        yield from option


# ── parsing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_WEIGHED = re.compile(r"\s*(\d+\.?\d*|\.\d+)::")
_CLOSING = {")": "(", "]": "[", "}": "{"}


@lru_cache(maxsize=8)
def _signs(embeddings: frozenset[str]) -> re.Pattern[str]:
    """Whatever is not text."""
    known = "|".join(re.escape(name) for name in sorted(embeddings, key=len, reverse=True) if name.strip())
    names = [rf"(?<!\w)(?i:{NAMED.pattern})", *([rf"(?<!\w)(?P<known>{known})(?!\w)"] if known else [])]
    others = (r"\\.", r"[()\[\]{}:|]", WILDCARD, r"\bBREAK\b", r"\bAND\b", *names)
    return re.compile(f"(?P<network>(?i:{NETWORK.pattern}))|" + "|".join(others), re.DOTALL)


@dataclass(slots=True)
class _Open:
    """A bracket that has not closed yet. `items` are (start, stop, node), None for text; `colons` and `bars` say which
    of them are signs of this bracket's own; `sound` that it holds what a schedule may hold."""

    bracket: str
    start: int
    items: list[tuple[int, int, Node | None]] = field(default_factory=list)
    colons: list[int] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    sound: bool = True


def parse(text: str, embeddings: Collection[str] = ()) -> Tree:
    """The tree of any text whatever, in linear time. `embeddings` are the names that are textual inversions here.

    Full-width signs are read as syntax and stay as written. A bracket without its partner is a Stray.
    """
    plain = normalise(text)
    signs = _signs(frozenset(embeddings))
    stack = [_Open("", 0)]
    waiting = {"(": 0, "[": 0, "{": 0}
    position = 0
    while found := signs.search(plain, position):
        start, stop = found.span()
        top, sign, said = stack[-1], found.group(), text[start:stop]
        if position < start:
            top.items.append((position, start, None))
        position = stop
        if sign in waiting:
            stack.append(_Open(sign, start))
            waiting[sign] += 1
        elif sign in _CLOSING and waiting[_CLOSING[sign]]:
            group = _fallen(stack, text, waiting, _CLOSING[sign])
            node, sound = _grouped(group, text, plain, stop)
            stack[-1].items.append((group.start, stop, node))
            stack[-1].sound &= sound
        elif sign in _CLOSING:
            top.items.append((start, stop, Stray(said)))
            top.sound = False
        else:
            if sign in ":|":
                (top.colons if sign == ":" else top.bars).append(len(top.items))
            top.items.append((start, stop, _single(said, sign, found)))
    stack[-1].items.append((position, len(text), None))
    root = _fallen(stack, text, waiting, "")
    return Tree(_shared(_nodes(root.items, text)))


def _single(said: str, sign: str, found: re.Match[str]) -> Node | None:
    if sign[0] == "\\":
        return Escape(said)
    if found["network"]:
        _, kind, name, tail = found.groups()[:4]
        return ExtraNetwork(said, kind.lower(), name.strip(), tuple(re.split("[:：]", tail)[1:]))
    if sign == "BREAK":
        return Break(said)
    if sign == "AND":
        return And(said)
    if sign.startswith("__"):
        return Wildcard(said)
    if sign in ":|":
        return None
    return Embedding(said, name_of(said))


def _fallen(stack: list[_Open], text: str, waiting: dict[str, int], bracket: str) -> _Open:
    """Takes the innermost such bracket off the stack. Those opened since are strays, and what they hold is its."""
    first = len(stack) - 1
    while stack[first].bracket != bracket:
        waiting[stack[first].bracket] -= 1
        first -= 1
    group = stack[first]
    for fallen in stack[first + 1 :]:
        group.items.append((fallen.start, fallen.start + 1, Stray(text[fallen.start])))
        group.items += fallen.items
        group.sound = False
    if bracket:
        waiting[bracket] -= 1
    del stack[first:]
    return group


def _grouped(group: _Open, text: str, plain: str, stop: int) -> tuple[Node, bool]:
    """The node of a bracket that closes at `stop`, and whether a schedule may hold it."""
    opening, closing, items = text[group.start], text[stop - 1], group.items
    if group.bracket == "{":
        sides = [_nodes(items[first:after], text) for first, after in _sides(group.bars, len(items))]
        signs = (opening, *(text[items[bar][0]] for bar in group.bars), closing)
        return Variants(signs, tuple(_option(side) for side in sides)), group.sound
    if group.bracket == "(":
        if group.colons and (weight := WEIGHT.fullmatch(plain, colon := items[group.colons[-1]][0], stop)):
            factor = number(weight.group(1))
            if factor is not None:
                children = _nodes(items[: group.colons[-1]], text)
                sound = group.sound and not group.bars and len(group.colons) == 1
                return Group(opening, children, text[colon:stop], factor), sound
        sound = group.sound and not group.bars and len(group.colons) < 2
        return Group(opening, _nodes(items, text), closing, ROUND), sound
    marks = group.bars or group.colons
    if group.sound and group.bars and not group.colons:
        signs = (opening, *(text[items[bar][0]] for bar in group.bars), closing)
        sides = [_nodes(items[first:after], text) for first, after in _sides(marks, len(items))]
        return Alternate(signs, tuple(sides)), True
    if group.sound and not group.bars and 1 <= len(marks) <= 2:
        last = items[marks[-1]][0]
        if when := WHEN.fullmatch(plain, last + 1, stop - 1):
            *sides, _ = [_nodes(items[first:after], text) for first, after in _sides(marks, len(items))]
            before = sides[0] if len(sides) == 2 else None
            between = text[items[marks[0]][0]] if len(sides) == 2 else ""
            return Schedule(opening, before, between, sides[-1], when.group(1), text[last:stop]), True
    return Group(opening, _nodes(items, text), closing, SQUARE), group.sound and not marks


def _sides(marks: Sequence[int], count: int) -> list[tuple[int, int]]:
    return list(zip([0, *(mark + 1 for mark in marks)], [*marks, count], strict=True))


def _option(children: tuple[Node, ...]) -> Variant:
    if children and isinstance(first := children[0], Text) and (head := _WEIGHED.match(normalise(first.text))):
        rest = first.text[head.end() :]
        return Variant(
            first.text[: head.end()], float(head.group(1)), (Text(rest), *children[1:]) if rest else children[1:]
        )
    return Variant("", 1.0, children)


def _nodes(items: Sequence[tuple[int, int, Node | None]], text: str) -> tuple[Node, ...]:
    nodes: list[Node] = []
    begun, end = -1, 0
    for start, stop, node in items:
        if node is None:
            begun = start if begun < 0 else begun
            end = stop
            continue
        if begun >= 0:
            nodes.append(Text(text[begun:end]))
            begun = -1
        nodes.append(node)
    if begun >= 0 and begun < end:
        nodes.append(Text(text[begun:end]))
    return tuple(nodes)


def _shared(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes with the number at the end of each side of an AND as a node of its own, an AndWeight."""
    if not any(isinstance(node, And) for node in nodes):
        return nodes
    shared: list[Node] = []
    for node, following in zip(nodes, (*nodes[1:], And()), strict=True):
        if isinstance(node, Text) and isinstance(following, And):
            plain = normalise(node.text)
            colon = plain.rfind(":")
            if colon >= 0 and SHARE.fullmatch(share := plain[colon + 1 :].strip()):
                at = len(plain[:colon].rstrip())
                shared += [Text(node.text[:at])] * (at > 0)
                shared.append(AndWeight(node.text[at:], float(share)))
                continue
        shared.append(node)
    return tuple(shared)
