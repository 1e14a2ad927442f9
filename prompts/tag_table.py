"""The tag table: a prompt as rows that can be touched one by one, and back again.

prompt → `TagTable.of` → rows → changes (prompts/tag_changes.py) → `prompt_of` → prompt. What nobody touched comes back
to the sign: the same fragments, or the same text where it was taken as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from prompts.presets import key
from prompts.prompt import IN_TURN, Fragment, Json, OffTag, Prompt
from prompts.tag_rows import Side, TagRow, loras_in, of_fragment, of_lora, of_text, visible

LORA: Side = "lora"
SIDES: tuple[Side, ...] = ("positive", "negative")  # of texts; LoRAs stand beside them


@dataclass(frozen=True, slots=True)
class TagTable:
    """The rows of a prompt: the positive ones in their order, then the negative ones, then the LoRAs. `raw`: the texts
    were taken as they stand, and `tails` is what stands behind the last positive and negative row."""

    rows: tuple[TagRow, ...]
    raw: bool = False
    tails: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, prompt: Prompt, embeddings: Collection[str] = ()) -> Self:
        """The table of a prompt, with the tags that are kept beside it. `embeddings` are the names that are textual
        inversions here."""
        rows: list[TagRow] = []
        tails = []
        for side, fragments, text in (
            ("positive", prompt.fragments, prompt.positive),
            ("negative", prompt.negatives, prompt.negative),
        ):
            if prompt.raw:
                found, tail = of_text(len(rows), cast(Side, side), text, embeddings)
            else:
                joined = any(one.text.split()[-1:] == ["AND"] for one in fragments)
                numbered = enumerate(fragments, len(rows))
                found = tuple(of_fragment(at, cast(Side, side), one, embeddings, joined=joined) for at, one in numbered)
                tail = ""
            rows += found
            tails.append(tail)
        rows += [of_lora(at, use) for at, use in enumerate(prompt.loras, len(rows))]
        locked = set(prompt.locked)
        rows = [replace(row, locked=row.said in locked and not row.sign) for row in rows]
        return cls(_with_off(rows, prompt.off, embeddings), prompt.raw, (tails[0], tails[1]))

    def side(self, side: Side) -> tuple[TagRow, ...]:
        """The rows of a side, in their order."""
        return tuple(row for row in self.rows if row.side == side)

    def row(self, id: int) -> TagRow | None:
        return next((row for row in self.rows if row.id == id), None)

    def to_json(self) -> dict[str, Json]:
        return {"rows": [row.to_json() for row in self.rows], "raw": self.raw, "tails": list(self.tails)}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        rows = cast(Sequence[Mapping[str, Json]], value["rows"])
        before, behind = cast(Sequence[str], value["tails"])
        return cls(tuple(map(TagRow.from_json, rows)), cast(bool, value["raw"]), (before, behind))


def _with_off(rows: list[TagRow], off: Iterable[OffTag], embeddings: Collection[str]) -> tuple[TagRow, ...]:
    """The rows with those that are off where they stood, as far as there still is such a place."""
    sides: dict[Side, list[TagRow]] = {
        side: [row for row in rows if row.side == side] for side in ("positive", "negative", "lora")
    }
    number = len(rows) + 1  # no two of these follow each other, or one that was there: they are parted by commas
    for one in sorted(off, key=lambda one: one.at):
        rest, uses = loras_in(one.fragment.text)
        side: Side = "lora" if uses and not rest.strip() else "negative" if one.negative else "positive"
        row = of_lora(number, uses[0]) if side == "lora" else of_fragment(number, side, one.fragment, embeddings)
        sides[side].insert(min(one.at, len(sides[side])), replace(row, off=True))
        number += 2
    return tuple(row for side in sides.values() for row in side)


def prompt_of(table: TagTable, old: Prompt) -> Prompt:
    """The prompt that a table says, `old` being the one it was made of: that very one where nothing is different. Its
    text is what is drawn, in A1111's syntax."""
    off, locked = _off(table), tuple(row.said for row in table.rows if row.locked and not row.off)
    made = replace(old, off=off, locked=locked)
    positive, negative = (visible(table.side(side)) for side in SIDES)
    loras = tuple(row.use() for row in table.side("lora") if not row.off)
    if table.raw:
        texts = [
            _text(rows, tail, min(row.id for row in table.side(side))) if table.side(side) else tail
            for rows, tail, side in zip((positive, negative), table.tails, SIDES, strict=True)
        ]
        fragments = old.fragments if texts[0] == old.positive else _whole(texts[0])
        negatives = old.negatives if texts[1] == old.negative else _whole(texts[1])
    else:
        fragments = tuple(row.fragment() for row in positive)
        negatives = tuple(row.fragment() for row in negative)
    if (fragments, negatives, loras) == (old.fragments, old.negatives, old.loras):
        return made
    made = replace(made, fragments=fragments, negatives=negatives, loras=loras)
    return replace(made, text=text_of(made), seed=None if old.seed is None else IN_TURN)


def text_of(prompt: Prompt) -> str:
    """A prompt as somebody could write it: what is drawn, its LoRAs, and what is not wanted."""
    own = prompt.own if prompt.own.fragments else prompt
    said = " ".join(filter(None, (own.positive, *map(str, prompt.loras))))
    unwanted = "" if prompt.raw else own.negative
    return f'{said} --no "{unwanted}"' if unwanted and '"' not in unwanted else said


def _whole(text: str) -> tuple[Fragment, ...]:
    return (Fragment(text, source=text),) if text.strip() else ()


def _text(rows: Sequence[TagRow], tail: str, first: int) -> str:
    """Rows of a text that is taken as it stands, each with what stood before it; what is new, moved, or came first when
    another went, is parted from what stands before it by a comma. `first` is the row that the text began with."""
    said = ""
    before: TagRow | None = None
    for row in rows:
        lead = row.lead
        if before is None:
            lead = lead if row.id == first else ""
        elif before.id + 1 == row.id:
            pass  # as they stood
        elif row.sign or before.sign:
            lead = " "
        elif not any(sign in lead for sign in ",，、\n"):
            lead = ", "
        said += lead + row.plain
        before = row
    return said + tail if rows else ""


def _off(table: TagTable) -> tuple[OffTag, ...]:
    found = []
    for side in (*SIDES, LORA):
        for at, row in enumerate(table.side(side)):
            if row.off and not row.sign:
                written = str(row.use()) if row.lora else row.said
                one = Fragment(written, 1.0, row.part) if row.lora else row.fragment()
                found.append(OffTag(one, at, side == "negative"))
    return tuple(found)


# --- what stays so when a prompt is changed elsewhere ---


def marks_kept(new: Prompt, old: Prompt) -> Prompt:
    """A prompt that was made of another, with what its table keeps: a tag that was put aside and came back by itself,
    from a preset, is aside still; a lock holds for what is still there."""
    if not (old.off or old.locked):
        return new
    aside = {(one.negative, key(one.fragment.text)) for one in old.off}

    def wanted(one: Fragment, negative: bool) -> bool:
        return one.origin != "preset" or (negative, key(one.text)) not in aside

    there = {one.text for one in (*new.fragments, *new.negatives)} | {use.name for use in new.loras}
    there |= {row.text for row in TagTable.of(new).rows} if new.raw else set()
    return replace(
        new,
        fragments=tuple(one for one in new.fragments if wanted(one, False)),
        negatives=tuple(one for one in new.negatives if wanted(one, True)),
        off=old.off,
        locked=tuple(text for text in old.locked if text in there),
    )


def changed_locks(new: Prompt, old: Prompt) -> tuple[str, ...]:
    """The locked tags of a prompt that another made of it has no more, or with another weight: as they were written."""
    if not old.locked:
        return ()
    before = [row for row in TagTable.of(old).rows if row.locked]
    after = {(row.side, row.text, row.now, str(row.lora or "")) for row in TagTable.of(new).rows if not row.off}
    return tuple(
        row.source or row.text for row in before if (row.side, row.text, row.now, str(row.lora or "")) not in after
    )


def with_locked(new: Prompt, old: Prompt) -> Prompt:
    """A prompt that was filled up otherwise, with the locked tags of the old filling where they stood, as far as can
    be."""
    gone = [one for one in old.fragments if one.text in old.locked and one not in new.fragments]
    fragments = list(new.fragments)
    for one in gone:
        before = [each for each in old.fragments[: old.fragments.index(one)] if each in fragments]
        fragments.insert(fragments.index(before[-1]) + 1 if before else 0, one)
    return replace(new, fragments=tuple(fragments))
