"""The elements of patterns over the tokens of a clause: each gives the index behind the tokens that fit it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from prompts.translate.draft_tags import DraftTag
from prompts.translate.noun_phrase import NounPhrase
from prompts.translate.roles import Token


@dataclass(slots=True)
class Clause:
    """The tokens of a clause, what the tables have read where and how far long repetitions reach, so that nothing is
    read twice. `within` reads some of the tokens as a clause of their own."""

    text: str
    tokens: Sequence[Token]
    within: Callable[[Sequence[Token]], Sequence[DraftTag]]
    known: dict[int, tuple[int, tuple[NounPhrase, ...]] | None] = field(default_factory=dict)
    reached: dict[tuple[object, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Test:
    """A named test: whether the token at an index, which has this role, is taken."""

    role: str
    takes: Callable[[Sequence[Token], int], bool]


Element = Callable[[Clause, int, list[NounPhrase]], int]  # the index behind what fits, NO where nothing does
NO = -1


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. `starts` are the roles of the tokens with which it can begin, None for any; one that takes
    nothing can begin anywhere. `roles` are those of a pattern that asks for the role of one token and no more."""

    fits: Element
    starts: frozenset[str] | None
    empty: bool = False
    roles: frozenset[str] | None = None

    def may_start(self, role: str) -> bool:
        return self.empty or self.starts is None or role in self.starts


# ── one token ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def role(names: Iterable[str]) -> Pattern:
    roles = frozenset(names)

    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        tokens = clause.tokens
        return index + 1 if index < len(tokens) and tokens[index].role in roles else NO

    return Pattern(fits, roles, roles=roles)


def category(categories: Collection[str], wanted: bool) -> Pattern:
    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        tokens = clause.tokens
        return index + 1 if index < len(tokens) and (tokens[index].category in categories) is wanted else NO

    return Pattern(fits, None)


def word(words: Collection[str]) -> Pattern:
    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        if index == len(clause.tokens):
            return NO
        token = clause.tokens[index]
        return index + 1 if clause.text[token.start : token.end] in words else NO

    return Pattern(fits, None)


def tested(test: Test) -> Pattern:
    role, takes = test.role, test.takes

    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        tokens = clause.tokens
        return index + 1 if index < len(tokens) and tokens[index].role == role and takes(tokens, index) else NO

    return Pattern(fits, frozenset((role,)))


def _any(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
    return index + 1 if index < len(clause.tokens) else NO


def _end(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
    return index if index == len(clause.tokens) else NO


ANY = Pattern(_any, None)
END = Pattern(_end, None, empty=True)


# ── several ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def one_after_another(parts: Sequence[Pattern]) -> Pattern:
    if len(parts) == 1:
        return parts[0]
    every = tuple(part.fits for part in parts)

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        for part in every:
            index = part(clause, index, nouns)
            if index < 0:
                return NO
        return index

    starts: frozenset[str] | None = frozenset()
    for part in parts:
        starts = None if starts is None or part.starts is None else starts | part.starts
        if not part.empty:
            break
    return Pattern(fits, starts, all(part.empty for part in parts))


def first_of(sides: Sequence[Pattern]) -> Pattern:
    if len(sides) == 1:
        return sides[0]
    roles = [side.roles for side in sides if side.roles is not None]
    if len(roles) == len(sides):
        return role(frozenset().union(*roles))
    every = tuple(side.fits for side in sides)

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        before = len(nouns)
        for side in every:
            end = side(clause, index, nouns)
            if end >= 0:
                return end
            del nouns[before:]
        return NO

    starts: frozenset[str] | None = frozenset()
    for side in sides:
        starts = None if starts is None or side.starts is None else starts | side.starts
    return Pattern(fits, starts, any(side.empty for side in sides))


_LONG = 8  # steps; a repetition of more is remembered from each of its steps, or "红色红色…" would take time squared


def repeated(one: Pattern) -> Pattern:
    inner, starts = one.fits, None if one.empty else one.starts
    itself = object()

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        tokens, reached = clause.tokens, clause.reached
        if reached and (end := reached.get((itself, index))) is not None:
            return end
        phrases = len(nouns)
        steps: list[int] = []
        while index < len(tokens) and (starts is None or tokens[index].role in starts):
            before = len(nouns)
            end = inner(clause, index, nouns)
            if end <= index:
                del nouns[before:]
                break
            steps.append(index)
            index = end
        if len(steps) > _LONG and len(nouns) == phrases:
            reached.update(((itself, step), index) for step in steps)
        return index

    return Pattern(fits, one.starts, empty=True)


def perhaps(one: Pattern) -> Pattern:
    inner, starts = one.fits, None if one.empty else one.starts

    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        tokens = clause.tokens
        if index == len(tokens) or (starts is not None and tokens[index].role not in starts):
            return index
        before = len(nouns)
        end = inner(clause, index, nouns)
        if end >= 0:
            return end
        del nouns[before:]
        return index

    return Pattern(fits, one.starts, empty=True)


def followed(inner: Element) -> Pattern:
    def fits(clause: Clause, index: int, nouns: list[NounPhrase]) -> int:
        return index if inner(clause, index, nouns) >= 0 else NO

    return Pattern(fits, None, empty=True)


def not_followed(inner: Element) -> Pattern:
    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        return NO if inner(clause, index, []) >= 0 else index

    return Pattern(fits, None, empty=True)


def behind(inner: Element) -> Pattern:
    def fits(clause: Clause, index: int, _nouns: list[NounPhrase]) -> int:
        return index if index and inner(clause, index - 1, []) == index else NO

    return Pattern(fits, None, empty=True)
