"""Our own glossary: the vocabulary of painting, Chinese to tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

from prompts.prompt import PARTS, Part

FOLDER = Path(__file__).parent.parent / "data" / "glossary"


@dataclass(frozen=True, slots=True)
class Entry:
    """One Chinese key's English; the category says how patterns may join it to its neighbours. What is `seldom` drawn
    is understood as well as anything, and offered later while somebody types."""

    tag: str
    category: str
    part: Part
    seldom: bool = False


class GlossaryError(ValueError):
    """A line of a glossary file that cannot be read."""


def rows(path: Path) -> Iterator[tuple[str, Entry, int]]:
    """Every key of one file with its entry and line. `@ category part` opens a section, with
    `seldom` behind it one of words that are seldom drawn; a line is keys, tab, tag.
    Raises GlossaryError naming file and line."""
    category, part, seldom = "", "", False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            words = line[1:].split()
            if len(words) < 2 or words[1] not in PARTS or words[2:] not in ([], ["seldom"]):
                raise GlossaryError(
                    f"{path.name}:{number}: a section is '@ category part', part one of {', '.join(PARTS)}"
                )
            category, part, seldom = words[0], words[1], len(words) > 2
            continue
        keys, tab, tag = line.partition("\t")
        if not tab or not keys.split() or not category or "\t" in tag:
            raise GlossaryError(f"{path.name}:{number}: a line is keys, one tab, tag, under a section")
        for key in keys.split():
            yield key, Entry(tag.strip(), category, cast(Part, part), seldom), number


@cache
def entries() -> MappingProxyType[str, Entry]:
    """The whole glossary. The first file (by name) that has a key wins."""
    table: dict[str, Entry] = {}
    for path in sorted(FOLDER.glob("*.tsv")):
        for key, entry, _ in rows(path):
            table.setdefault(key, entry)
    return MappingProxyType(table)


@cache
def lengths() -> MappingProxyType[str, tuple[int, ...]]:
    """How long the keys are that begin with a sign: what a search must try."""
    table: dict[str, set[int]] = {}
    for key in entries():
        table.setdefault(key[0], set()).add(len(key))
    return MappingProxyType({sign: tuple(sorted(sizes)) for sign, sizes in table.items()})
