"""What can be done to the rows of a tag table. Each gives a new table; raises Refusal with what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prompts.errors import Refusal
from prompts.prompt import Fragment, LoraUse
from prompts.tag_rows import LEAST, LORA_LEAST, LORA_MOST, MOST, Side, TagRow, of_fragment, of_lora
from prompts.tag_table import TagTable

ROWS = 300  # of a table; a text of 4,000 characters has fewer tags that mean anything


def weighed(table: TagTable, id: int, steps: int) -> TagTable:
    """A tag some tenths heavier, or lighter where they are less than nothing."""
    row = _open(table, id)
    if not row.weighable:
        raise Refusal("tags.no_weight", tag=row.said)
    new = replace(row, steps=row.steps + steps)
    least, most = (LORA_LEAST, LORA_MOST) if row.lora else (LEAST, MOST)
    if steps > 0 and new.now > most:
        raise Refusal("tags.heaviest", tag=row.said, most=most)
    if steps < 0 and new.now < least:
        raise Refusal("tags.lightest", tag=row.said, least=least)
    return _with(table, new)


def switched(table: TagTable, id: int, *, off: bool | None = None) -> TagTable:
    """A tag out of the prompt and kept in the table, or back in it."""
    row = _open(table, id)
    return _with(table, replace(row, off=not row.off if off is None else off))


def locked(table: TagTable, id: int) -> TagTable:
    """A tag that nothing changes, or one that may be changed again."""
    row = _pressable(table, id)
    return _with(table, replace(row, locked=not row.locked))


def kept(table: TagTable, id: int) -> TagTable:
    """A tag drawn as it was written instead of translated, or translated again."""
    row = _open(table, id)
    if not (row.translated or row.kept):
        raise Refusal("tags.not_translated", tag=row.said)
    return _with(table, replace(row, kept=not row.kept))


def moved(table: TagTable, id: int, by: int) -> TagTable:
    """A tag some places further on in its side, or back; at an end it stays there."""
    row = _pressable(table, id)
    rows = list(table.side(row.side))
    at = rows.index(row)
    rows.insert(min(max(at + by, 0), len(rows) - 1), rows.pop(at))
    sides = {side: rows if side == row.side else list(table.side(side)) for side in _SIDES}
    return replace(table, rows=tuple(one for side in _SIDES for one in sides[side]))


def exchanged(table: TagTable, id: int, new: Fragment) -> TagTable:
    """Another tag in the place of one, with its weight and steps."""
    row = _open(table, id)
    if row.kind not in ("tag", "embedding"):
        raise Refusal("tags.no_neighbours", tag=row.said)
    other = of_fragment(row.id, row.side, replace(new, weight=row.weight, part=row.part))
    return _with(table, replace(other, lead=row.lead, steps=row.steps, off=row.off))


def added(
    table: TagTable, fragments: Sequence[Fragment], negatives: Sequence[Fragment], loras: Sequence[LoraUse]
) -> TagTable:
    """More tags, each behind those of its part, and LoRAs; what is there already comes back on,
    with the weight that is said. Raises Refusal `tags.locked` where a lock would have to give way, `tags.too_many`."""
    for side, some in (("positive", fragments), ("negative", negatives)):
        for one in some:
            table = _one_more(table, side, one)  # type: ignore[arg-type]
    for use in loras:
        known = next((row for row in table.side("lora") if row.text == use.name), None)
        if known is None:
            table = _inserted(table, of_lora(_next(table), use))
        elif known.off or known.use() != use:
            table = _with(table, of_lora(_open(table, known.id).id, use))
    return table


_SIDES: tuple[Side, ...] = ("positive", "negative", "lora")


def _one_more(table: TagTable, side: Side, one: Fragment) -> TagTable:
    known = next((row for row in table.side(side) if row.text.lower() == one.text.lower()), None)
    if known:
        weight = known.now if one.weight == 1.0 else one.weight  # a plain word says nothing of its weight
        if not known.off and weight == known.now:
            return table
        said = _open(table, known.id)
        said = said if weight == known.now else replace(said, weight=weight, steps=0, written="")
        return _with(table, replace(said, off=False))
    return _inserted(table, of_fragment(_next(table), side, one))


def _inserted(table: TagTable, new: TagRow) -> TagTable:
    """The table with a row behind the last of its part, or of its side."""
    if len(table.rows) >= ROWS:
        raise Refusal("tags.too_many", limit=ROWS)
    rows = list(table.side(new.side))
    places = [at for at, row in enumerate(rows) if row.part == new.part and not row.sign]
    last = places[-1] + 1 if places and not table.raw else len(rows)
    rows.insert(last, new)
    sides = {side: rows if side == new.side else list(table.side(side)) for side in _SIDES}
    return replace(table, rows=tuple(one for side in _SIDES for one in sides[side]))


def _next(table: TagTable) -> int:
    return max((row.id for row in table.rows), default=-1) + 2  # never taken for the one that followed the last


def _pressable(table: TagTable, id: int) -> TagRow:
    row = table.row(id)
    if row is None or row.sign:
        raise Refusal("press.unknown")
    return row


def _open(table: TagTable, id: int) -> TagRow:
    row = _pressable(table, id)
    if row.locked:
        raise Refusal("tags.locked", tag=row.source or row.text)
    return row


def _with(table: TagTable, new: TagRow) -> TagTable:
    return replace(table, rows=tuple(new if row.id == new.id else row for row in table.rows))
