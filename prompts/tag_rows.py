"""The rows of a tag table: one for each tag of a prompt, and how a text is parted into them without losing a sign."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self, cast

from prompts import grammar
from prompts.grammar import tree
from prompts.prompt import Fragment, Json, LoraUse, Origin, Part, weighed
from prompts.translate.chinese import CHINESE

Side = Literal["positive", "negative", "lora"]
TagKind = Literal[
    "tag", "break", "and", "lora", "network", "embedding", "schedule", "alternate", "choice", "wildcard", "stray"
]
STEP = 0.1  # of a weight
LEAST, MOST = 0.1, 3.0  # weights that are reached by steps; lighter than the first is off
LORA_LEAST, LORA_MOST = -2.0, 2.0  # weights of a LoRA, as elsewhere
SIGNS = frozenset({"break", "and"})  # what stands between tags: shown, and not for pressing
FIXED = frozenset({*SIGNS, "network", "stray"})  # what has no weight of its own that could be changed


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag in a table. `text` and `weight` are as the prompt had them, `steps` the tenths that were added since.

    `id` stays the same however the rows are moved. `source` is what a person wrote for it. In a text that was taken as
    it stands, `lead` is what stood between it and the row before, and `written` how it stood there, with its brackets.
    `off`: kept in the table, out of the prompt; `locked`: not to be changed; `kept`: drawn as `source` says, without
    translation. `lora` is a LoRA's own use."""

    id: int
    side: Side
    text: str
    weight: float = 1.0
    kind: TagKind = "tag"
    part: Part = "subject"
    origin: Origin = "person"
    source: str = ""
    lead: str = ""
    written: str = ""
    steps: int = 0
    off: bool = False
    locked: bool = False
    kept: bool = False
    lora: LoraUse | None = None

    @property
    def now(self) -> float:
        """The weight as it is now: exactly the old one where no step was taken, or as many back."""
        return round(self.weight + STEP * self.steps, 2) if self.steps else self.weight

    @property
    def said(self) -> str:
        """The words as they are drawn now, without the weight."""
        return self.source if self.kept else self.text

    @property
    def sign(self) -> bool:
        """Whether it is what stands between tags: BREAK, AND, the weight of a side of AND."""
        return self.kind in SIGNS

    @property
    def weighable(self) -> bool:
        return self.kind not in FIXED

    @property
    def translated(self) -> bool:
        """Whether it can be drawn as it was written instead."""
        return self.kind == "tag" and CHINESE.search(self.source) is not None and self.source != self.text

    @property
    def plain(self) -> str:
        """How it stands in a text that is taken as it stands."""
        if self.written and not self.steps and not self.kept:
            return self.written
        return self.said if self.now == 1.0 else weighed(self.said, self.now)

    def fragment(self) -> Fragment:
        """The fragment of a prompt that it stands for."""
        if self.kept:
            return Fragment(self.source, self.now, self.part, "person", self.source)
        return Fragment(self.text, self.now, self.part, self.origin, self.source)

    def use(self) -> LoraUse:
        """A LoRA with the weight that it has now; that of the text encoder moves along."""
        assert self.lora is not None
        if not self.steps:
            return self.lora
        encoder = self.lora.text_weight
        moved = None if encoder is None else round(encoder + STEP * self.steps, 2)
        return replace(self.lora, weight=self.now, text_weight=moved)

    def to_json(self) -> dict[str, Json]:
        usual = {one.name: one.default for one in fields(self)}
        made = {name: getattr(self, name) for name in usual if getattr(self, name) != usual[name]}
        return made | ({"lora": self.lora.to_json()} if self.lora else {})

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        lora = value.get("lora")
        use = LoraUse.from_json(cast(Mapping[str, Json], lora)) if lora else None
        return cls(**cast(Any, {**value, "lora": use}))


def of_fragment(
    id: int, side: Side, one: Fragment, embeddings: Collection[str] = (), *, joined: bool = False
) -> TagRow:
    """The row of a fragment; in a prompt that is `joined` by AND, ":1.2" is the weight of a side."""
    if one.text in (grammar.BREAK, "AND") or (joined and _WEIGHT.fullmatch(one.text)):
        kind: TagKind = "break" if one.text == grammar.BREAK else "and"
    else:
        kind, _, _ = _read(one.text, embeddings)
    return TagRow(id, side, one.text, one.weight, kind, one.part, one.origin, one.source)


def of_lora(id: int, use: LoraUse, **marks: bool) -> TagRow:
    """The row of a LoRA."""
    return TagRow(id, "lora", use.name, use.weight, "lora", lora=use, **cast(Any, marks))


def of_text(first: int, side: Side, text: str, embeddings: Collection[str] = ()) -> tuple[tuple[TagRow, ...], str]:
    """The rows of a text that is taken as it stands, numbered from `first`, and what stands behind the last of them:
    the leads, the rows as they are written and that tail are the text, sign by sign."""
    rows: list[TagRow] = []
    end = 0
    for start, stop, kind in _spans(text, embeddings):
        lead, written = text[end:start], text[start:stop]
        end = stop
        number = first + len(rows)
        if kind:
            rows.append(TagRow(number, side, written.strip(), 1.0, kind, lead=lead, written=written))
            continue
        of, words, weight = _read(written, embeddings)
        rows.append(TagRow(number, side, words, weight, of, lead=lead, written=written))
    return tuple(rows), text[end:]


_WEIGHT = re.compile(r":\s*[-+.\d]+(?: AND)?")
_COMMAS = re.compile(r"\s*[,，、\n](?:\s*[,，、\n])*\s*")


def _spans(text: str, embeddings: Collection[str]) -> Iterator[tuple[int, int, TagKind | None]]:
    """Where the tags and the signs between them start and stop, without the white space around them."""
    cuts: list[tuple[int, int, TagKind | None]] = []
    for node, start, stop, depth in tree.parse(text, embeddings).walk():
        if depth:
            continue
        if isinstance(node, tree.Text):
            cuts += [(start + found.start(), start + found.end(), None) for found in _COMMAS.finditer(node.text)]
        elif isinstance(node, tree.Break):
            cuts.append((start, stop, "break"))
        elif isinstance(node, tree.And | tree.AndWeight):
            cuts.append((start, stop, "and"))
    end = 0
    for start, stop, kind in sorted([*cuts, (len(text), len(text), None)]):
        words = text[end:start]
        if words.strip():
            lead = len(words) - len(words.lstrip())
            yield end + lead, end + len(words.rstrip()), None
        if kind:
            said = text[start:stop]
            yield start + len(said) - len(said.lstrip()), start + len(said.rstrip()), kind
        end = stop


_KINDS: Mapping[type[tree.Node], TagKind] = {
    tree.Schedule: "schedule",
    tree.Alternate: "alternate",
    tree.Variants: "choice",
    tree.Wildcard: "wildcard",
    tree.ExtraNetwork: "network",
    tree.Embedding: "embedding",
}


def _read(text: str, embeddings: Collection[str]) -> tuple[TagKind, str, float]:
    """What a tag is, and its words and weight without the brackets around all of it."""
    parsed = tree.parse(text, embeddings)
    kinds = [node for node, *_ in parsed.walk()]
    if any(isinstance(node, tree.Stray) for node in kinds):
        return "stray", text, 1.0
    found: TagKind = next((_KINDS[type(node)] for node in kinds if type(node) in _KINDS), "tag")
    nodes, weight = parsed.children, 1.0
    while len(nodes) == 1 and isinstance(group := nodes[0], tree.Group) and group.children:
        nodes, weight = group.children, weight * group.weight
    words = tree.written(nodes)
    if words != words.strip() or not words:
        return found, text, 1.0
    return found, words, weight


def loras_in(text: str) -> tuple[str, tuple[LoraUse, ...]]:
    """The text without its `<lora:…>`, and these."""
    rest, uses, _ = grammar.networks(text)
    return rest, uses


def visible(rows: Sequence[TagRow]) -> list[TagRow]:
    """The rows that are drawn. A side of an AND, or a chunk before a BREAK, of which nothing is left goes with its
    sign; one that had nothing in it to begin with stays."""
    sides: list[tuple[list[TagRow], list[TagRow]]] = [([], [])]  # tags, and the signs behind them
    for row in rows:
        if row.sign:
            sides[-1][1].append(row)
            if _joins(row):
                sides.append(([], []))
        else:
            sides[-1][0].append(row)
    emptied = [bool(tags) and all(row.off for row in tags) for tags, _ in sides]
    left = [(tags, signs) for (tags, signs), gone in zip(sides, emptied, strict=True) if not gone]
    if not any(emptied) or not left:
        return [row for row in rows if not row.off] if left else []
    if emptied[-1]:  # nothing stands behind the last sign any more
        tags, signs = left[-1]
        weights = [
            replace(row, text=share, written="") for row in signs if (share := row.text.partition(" ")[0])[0] == ":"
        ]
        left[-1] = tags, weights
    joined = any(row.kind == "and" and _joins(row) for _, signs in left for row in signs)
    return [
        row
        for tags, signs in left
        for row in (*(one for one in tags if not one.off), *(one for one in signs if joined or one.kind != "and"))
    ]


def _joins(row: TagRow) -> bool:
    """Whether another side begins behind a sign, which is no mere weight then."""
    return not row.text.startswith(":") or row.text.endswith("AND")
