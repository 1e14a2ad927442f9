"""A clause cut into the words of the glossary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from prompts.translate.chinese import CHINESE
from prompts.translate.emoji import EMOJI, words
from prompts.translate.gestures import gesture
from prompts.translate.glossary import Entry
from prompts.translate.numbers import COUNT, COUNTING, count_of
from prompts.translate.roles import ADJECTIVES, GRAMMAR, NOUNS, Token

Known = Callable[[str], bool]
Lengths = Mapping[str, Sequence[int]]  # how long the keys are that begin with a sign

_ONE, _WORD, _DARK, _KNOWN = 1.4, 1.0, 3.0, 1.6  # costs of a way to cut: few and long words, dark characters last
_POSES = ("坐在", "躺在", "站在", "趴在", "靠在")
_PLACES = ("上", "里", "中", "下")
_HANDS = frozenset("双两单一左右手")
_RUN = re.compile(r"[A-Za-z0-9]+(?:[ '.+_-]+[A-Za-z0-9]+)*")


def words_of(clause: str, table: Mapping[str, Entry], lengths: Lengths, known: Known | None = None) -> list[Token]:
    """The clause cut into the fewest and longest words of the glossary; the rest are tokens of category "gap"."""
    tokens = _cut(clause, table, lengths, {})
    if known is None:
        return tokens
    doubtful = {place for token in tokens if token.category == "gap" for place in range(token.start, token.end)}
    for left, right in pairwise(tokens):
        if left.end - left.start == 1 == right.end - right.start and left.role == "noun" and right.role == "noun":
            doubtful |= {left.start, right.start}
    if not doubtful:
        return tokens
    longer: dict[int, list[int]] = {}
    for start in range(len(clause)):
        for end in range(start + 2, min(start + 6, len(clause) + 1)):
            if (
                not doubtful.isdisjoint(range(start, end))
                and CHINESE.fullmatch(clause, start, end)
                and known(clause[start:end])
            ):
                longer.setdefault(start, []).append(end)
    return _cut(clause, table, lengths, longer) if longer else tokens


def _cut(clause: str, table: Mapping[str, Entry], lengths: Lengths, longer: Mapping[int, Sequence[int]]) -> list[Token]:
    length = len(clause)
    lower = clause.lower()
    lower = lower if len(lower) == length else clause
    best: list[tuple[float, Token | None]] = [(0.0, None)] * (length + 1)
    for start in range(length - 1, -1, -1):
        # Longer words win over shorter at the same number of words, and among equals the longer word behind.
        options: list[tuple[float, Token]] = []
        for size in lengths.get(lower[start], ()):
            end = start + size
            entry = table.get(lower[start:end])
            if entry is not None and end <= length and (end - start == length or not _alone(entry, lower, start, end)):
                cost = (_WORD if end - start > 1 else _ONE) - 0.02 * (end - start) ** 1.5
                options.append((cost + best[end][0], _token(entry, start, end)))
        if clause[start] in COUNTING and (count := COUNT.match(clause, start)):
            options.append((0.95 + best[count.end()][0], count_of(count, start)))
        if clause[start] in _HANDS and (hands := gesture(clause, start, table)):
            options.append((_WORD - 0.02 * (hands.end - start) ** 1.5 + best[hands.end][0], hands))
        for end in longer.get(start, ()):
            options.append((_KNOWN + best[end][0], Token("noun", clause[start:end], "gap", None, start, end)))
        if not CHINESE.match(clause, start):
            options.append(_other(clause, start, best))
        else:
            options.append((_DARK + best[start + 1][0], Token("noun", clause[start], "gap", None, start, start + 1)))
        best[start] = min(options, key=lambda option: (round(option[0], 6), start - option[1].end))
    tokens: list[Token] = []
    position = 0
    while position < length:
        token = best[position][1]
        assert token is not None
        dark = token.category == "gap" and token.end - token.start == 1
        before = tokens[-1] if tokens else None
        if dark and before and before.category == "gap" and before.end == token.start and not before.count:
            tokens[-1] = replace(before, tag=clause[before.start : token.end], end=token.end)
        else:
            tokens.append(token if dark or token.category != "gap" else replace(token, count=1))
        position = token.end
    return tokens


def _alone(entry: Entry, clause: str, start: int, end: int) -> bool:
    """Whether a key holds only as a whole clause: a verb as a tag ("吹" blowing), or where somebody sits, which is one
    tag alone but in a sentence a pose and a place that can be changed one by one."""
    if entry.category == "alone":
        return True
    return clause.startswith(_POSES, start, end) and clause.endswith(_PLACES, start, end)


def _other(clause: str, start: int, best: Sequence[tuple[float, Token | None]]) -> tuple[float, Token]:
    """A run of Latin letters, an emoji, or a sign that says nothing."""
    if emoji := EMOJI.match(clause, start):
        return _WORD + best[emoji.end()][0], Token("tag", words(emoji.group()), "emoji", None, start, emoji.end())
    if run := _RUN.match(clause, start):
        return _WORD + best[run.end()][0], Token("noun", run.group(), "latin", None, start, run.end())
    return 0.5 + best[start + 1][0], Token("filler", "", "filler", None, start, start + 1)


def _token(entry: Entry, start: int, end: int) -> Token:
    category = entry.category
    role = "noun" if category in NOUNS else category if category in GRAMMAR else "tag"
    if category in ADJECTIVES and category != "style":
        role = "adjective"
    return Token(role, entry.tag, category, entry.part, start, end)
