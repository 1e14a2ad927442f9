"""The tables of the grammar: every row has an example that it alone reads so, and stands where it says it has to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from prompts.translate.clause_reader import READER, ClauseReader
from prompts.translate.clause_rules import CLAUSE, PHRASES
from prompts.translate.glossary import entries, lengths
from prompts.translate.rules import GrammarRule, Patterns
from prompts.translate.translator import Phrase

TABLES: Mapping[str, Sequence[GrammarRule[Any]]] = {"clause": CLAUSE, **PHRASES}
ROWS = [pytest.param(name, rule, id=f"{name}: {rule.name}") for name, table in TABLES.items() for rule in table]
ORDERED = [
    pytest.param(name, rule, id=f"{name}: {rule.name}") for name, table in TABLES.items() for rule in table if rule.over
]


def read(clause: str, reader: ClauseReader = READER) -> tuple[Phrase, ...]:
    return reader.read(clause, entries(), lengths())


def reader(name: str, table: Sequence[GrammarRule[Any]]) -> ClauseReader:
    """The grammar with another table of this name."""
    return ClauseReader(table) if name == "clause" else ClauseReader(phrases={**PHRASES, name: table})


@pytest.mark.parametrize(("name", "rule"), ROWS)
def test_a_row_has_an_example_that_it_alone_reads_so(name: str, rule: GrammarRule[Any]) -> None:
    without = reader(name, [one for one in TABLES[name] if one is not rule])
    assert read(rule.example) != read(rule.example, without)


@pytest.mark.parametrize(("name", "rule"), ORDERED)
def test_a_row_stands_before_those_that_would_take_its_example(name: str, rule: GrammarRule[Any]) -> None:
    table = list(TABLES[name])
    for other in rule.over:
        [behind] = [one for one in table if one.name == other]
        assert table.index(rule) < table.index(behind)
        moved = [one for one in table if one is not rule]
        moved.insert(moved.index(behind) + 1, rule)
        assert read(rule.example) != read(rule.example, reader(name, moved))


@pytest.mark.parametrize("name", TABLES)
def test_neighbours_that_say_nothing_of_each_other_may_change_places(name: str) -> None:
    table = TABLES[name]
    for at, (rule, other) in enumerate(pairwise(table)):
        if other.name not in rule.over:
            swapped = reader(name, [*table[:at], other, rule, *table[at + 2 :]])
            examples = [one.example for rows in TABLES.values() for one in rows]
            assert [read(one) for one in examples] == [read(one, swapped) for one in examples], rule.name


@pytest.mark.parametrize("clause", ["牵机械义手里弯弓", "牵机械义手里弯弓端坐在"])
def test_a_verb_beside_a_hand_may_be_all_that_is_said(clause: str) -> None:
    assert read(clause)[0].text == "leading"


@pytest.mark.parametrize("name", TABLES)
def test_names_of_rows_are_their_own(name: str) -> None:
    names = [rule.name for rule in TABLES[name]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("pattern", ["noun (verb", "noun )", "nown", "noun %", "noun[food]", "[food"])
def test_a_pattern_that_cannot_be_read_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Patterns({}, {}).compiled(pattern)
