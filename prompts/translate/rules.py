"""Patterns over the tokens of a clause, and the tables of rules that are written with them.

A pattern is a parsing expression (Ford 2004): its elements fit from left to right, of alternatives the first that fits
is taken, and a repetition takes all it can and gives nothing back. Its elements:

    noun                a token of this role (`ROLES`); `any` is every token
    [clothing food]     a token of one of these categories or named sets of them (`SETS`); [^food] of any other
    '不是 并非'           one of these words
    joined              a token that the test of this name takes
    noun-phrase         what a rule of the table of this name reads; noun-phrase[food] with the same meaning as above
    a b · a | b · ( )   one after the other · either · grouping
    a? a* a+            perhaps · any number · at least one
    &a !a <a            followed by · not followed by · the token before is: they take no token
    $                   the end of the clause
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from prompts.translate import token_patterns as patterns
from prompts.translate.draft_tags import ClauseState
from prompts.translate.noun_phrase import NounPhrase
from prompts.translate.roles import ROLES, SETS, Token
from prompts.translate.token_patterns import NO, Clause, Element, Pattern, Test


class Match(NamedTuple):
    """Where a pattern fits, and the noun phrases read in it and in what it only looked ahead at."""

    clause: Clause
    start: int
    end: int
    nouns: tuple[NounPhrase, ...]

    @property
    def first(self) -> Token:
        return self.clause.tokens[self.start]

    @property
    def tokens(self) -> Sequence[Token]:
        return self.clause.tokens[self.start : self.end]


Action = TypeVar("Action")


@dataclass(frozen=True, slots=True)
class GrammarRule(Generic[Action]):
    """One row of a table: what fits `pattern` is read by `action`. `example` is a clause that would be read otherwise
    without this row; `over` names the rows that would take it, before which this one has to stand. A row with `when`
    holds only where the clause has said so far what that asks for."""

    name: str
    pattern: str
    action: Action
    example: str
    over: tuple[str, ...] = ()
    when: Callable[[ClauseState], bool] | None = None


Table = Sequence[GrammarRule[Callable[[Match], NounPhrase] | None]]


class Patterns:
    """The compiler of patterns. `tables` name what patterns and later tables may ask for; a row without an action gives
    the phrases that it asked for. Raises ValueError for a pattern that cannot be read."""

    def __init__(self, tables: Mapping[str, Table], tests: Mapping[str, Test]) -> None:
        self._tests = tests
        self._tables: dict[str, Pattern] = {}
        for name, table in tables.items():
            self._tables[name] = _table(len(self._tables), [(rule, self.compiled(rule.pattern)) for rule in table])

    def compiled(self, pattern: str) -> Pattern:
        signs = _signs(pattern)
        made, rest = self._either(signs)
        if rest:
            raise ValueError(f"{rest[0]} stands alone in {pattern}")
        return made

    def _either(self, signs: list[str]) -> tuple[Pattern, list[str]]:
        made, signs = self._sequence(signs)
        sides = [made]
        while signs and signs[0] == "|":
            made, signs = self._sequence(signs[1:])
            sides.append(made)
        return patterns.first_of(sides), signs

    def _sequence(self, signs: list[str]) -> tuple[Pattern, list[str]]:
        parts: list[Pattern] = []
        while signs and signs[0] not in "|)":
            made, signs = self._prefixed(signs)
            parts.append(made)
        return patterns.one_after_another(parts), signs

    def _prefixed(self, signs: list[str]) -> tuple[Pattern, list[str]]:
        if (ahead := _AHEAD.get(signs[0])) is not None:
            made, signs = self._prefixed(signs[1:])
            return ahead(made.fits), signs
        made, signs = self._single(signs)
        while signs and (often := _OFTEN.get(signs[0])) is not None:
            made, signs = often(made), signs[1:]
        return made, signs

    def _single(self, signs: list[str]) -> tuple[Pattern, list[str]]:
        sign, rest = signs[0], signs[1:]
        if sign == "(":
            made, rest = self._either(rest)
            if rest[:1] != [")"]:
                raise ValueError("a bracket is not closed")
            return made, rest[1:]
        if sign[0] == "'":
            return patterns.word(frozenset(sign[1:-1].split())), rest
        name, bracket, inside = sign.partition("[")
        if not name:
            return patterns.category(*_categories(inside[:-1])), rest
        return self._named(name, bracket, inside[:-1]), rest

    def _named(self, name: str, bracket: str, inside: str) -> Pattern:
        if name in self._tables:
            table = self._tables[name]
            return _of_category(table, *_categories(inside)) if bracket else table
        if name in self._tests and not bracket:
            return patterns.tested(self._tests[name])
        if name in _ONE and not bracket:
            return _ONE[name]
        if name in ROLES and not bracket:
            return patterns.role((name,))
        raise ValueError(f"no role, test or table: {name}")


_SIGN = re.compile(r"\s*(\$|\(|\)|\||[*+?]|[&!<]|'[^']*'|[\w-]+(?:\[[^\]]*\])?|\[[^\]]*\])\s*")


def _signs(pattern: str) -> list[str]:
    signs: list[str] = []
    position = 0
    while position < len(pattern):
        if (sign := _SIGN.match(pattern, position)) is None:
            raise ValueError(f"nothing to read at {pattern[position:]}")
        signs.append(sign.group(1))
        position = sign.end()
    return signs


def _categories(words: str) -> tuple[frozenset[str], bool]:
    """The categories between brackets, and whether it is these that fit, not all others."""
    wanted = not words.startswith("^")
    return frozenset(one for word in words.lstrip("^").split() for one in SETS.get(word, {word})), wanted


_ONE = {"any": patterns.ANY, "$": patterns.END}
_AHEAD: Mapping[str, Callable[[Element], Pattern]] = {
    "&": patterns.followed,
    "!": patterns.not_followed,
    "<": patterns.behind,
}
_OFTEN: Mapping[str, Callable[[Pattern], Pattern]] = {
    "*": patterns.repeated,
    "?": patterns.perhaps,
    "+": lambda one: patterns.one_after_another([one, patterns.repeated(one)]),
}


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────────


_LONGEST = 1 << 20  # tokens; no clause has so many


def _table(number: int, rows: Sequence[tuple[GrammarRule[Callable[[Match], NounPhrase] | None], Pattern]]) -> Pattern:
    by_role = {
        role: tuple((pattern.fits, rule.action) for rule, pattern in rows if pattern.may_start(role))
        for role in (*ROLES, "")
    }

    def read(clause: Clause, index: int) -> tuple[int, tuple[NounPhrase, ...]] | None:
        for fits, action in by_role[clause.tokens[index].role if index < len(clause.tokens) else ""]:
            nouns: list[NounPhrase] = []
            end = fits(clause, index, nouns)
            if end >= 0:
                found = tuple(nouns)
                return end, found if action is None else (action(Match(clause, index, end, found)),)
        return None

    first = number * _LONGEST

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        known, place = clause.known, first + index
        if place in known:
            found = known[place]
        else:
            found = known[place] = read(clause, index)
        if found is None:
            return NO
        nouns += found[1]
        return found[0]

    either = patterns.first_of([pattern for _, pattern in rows])
    return Pattern(fits, either.starts, either.empty)


def _of_category(table: Pattern, categories: Collection[str], wanted: bool) -> Pattern:
    inner = table.fits

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        end = inner(clause, index, nouns)
        return end if end >= 0 and (nouns[-1].category in categories) is wanted else NO

    return Pattern(fits, table.starts, table.empty)
