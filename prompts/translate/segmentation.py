"""A clause cut into the words of the glossary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from prompts.lettering import SIGN
from prompts.translate.chinese import CHINESE
from prompts.translate.denials import DENYING, opposite
from prompts.translate.emoji import EMOJI, words
from prompts.translate.gestures import gesture
from prompts.translate.glossary import Entry
from prompts.translate.numbers import COUNT, COUNTING, MEASURED, ORDINAL, count_of, measured_of
from prompts.translate.roles import ADJECTIVES, DENIALS, GRAMMAR, NOUNS, Token

KnowsWord = Callable[[str], bool]
KeyLengths = Mapping[str, Sequence[int]]  # how long the keys are that begin with a sign

_ONE, _WORD, _DARK, _KNOWN = 1.4, 1.0, 3.0, 1.6  # costs of a way to cut: few and long words, dark characters last
_POSES = ("坐在", "躺在", "站在", "趴在", "靠在")
_POSING = frozenset(pose[0] for pose in _POSES)
_PLACES = ("上", "里", "中", "下")
_HANDS = frozenset("双两单一左右手")
_RUN = re.compile(r"[0-9]+[:/][0-9]+|[A-Za-z0-9]+(?:[ '.+_-]+[A-Za-z0-9]+)*")


def words_of(
    clause: str, table: Mapping[str, Entry], lengths: KeyLengths, known: KnowsWord | None = None
) -> list[Token]:
    """The clause cut into the fewest and longest words of the glossary; the rest are tokens of category "gap"."""
    tokens = _cut(clause, table, lengths, {})
    if known is None:
        return tokens
    doubtful = {place for token in tokens if token.category == "gap" for place in range(token.start, token.end)}
    doubtful |= {token.start for token in tokens if token.role == "negation" and token.end - token.start == 1}  # 不凡
    for left, right in pairwise(tokens):
        if left.end - left.start == 1 == right.end - right.start and _perhaps_one(left, right):
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


def _perhaps_one(left: Token, right: Token) -> bool:
    """Whether two signs may be one word that the glossary lacks: a verb with what it is done to, or two things."""
    if left.role == "verb":
        return left.tag != "{}" and right.role in ("noun", "verb", "adjective")
    return left.role == "noun" == right.role


def _cut(
    clause: str, table: Mapping[str, Entry], lengths: KeyLengths, longer: Mapping[int, Sequence[int]]
) -> list[Token]:
    length = len(clause)
    lower = clause.lower()
    lower = lower if len(lower) == length else clause
    find, sizes = table.get, lengths.get
    costs = [0.0] * (length + 1)  # of the best way to cut what begins there
    # Its first word, and where that ends; None for a sign that no word begins with.
    firsts: list[tuple[int, Entry | Token | None]] = [(length, None)] * length
    for start in range(length - 1, -1, -1):
        # Longer words win over shorter at the same number of words, and among equals the longer word behind.
        options: list[tuple[float, int, Entry | Token | None]] = []
        for size in sizes(lower[start], ()):
            end = start + size
            entry = find(lower[start:end])
            if entry is not None and end <= length and (size == length or not _alone(entry, lower, start, end)):
                options.append(((_WORD if size > 1 else _ONE) - 0.02 * size**1.5 + costs[end], end, entry))
        if clause[start] in COUNTING and (count := COUNT.match(clause, start)):
            options.append((0.95 + costs[count.end()], count.end(), count_of(count, start)))
        if clause[start] in COUNTING and (measured := MEASURED.match(clause, start)):
            options.append((0.94 + costs[measured.end()], measured.end(), measured_of(measured, start)))
        if clause[start] == "第" and (which := ORDINAL.match(clause, start)):
            token = Token("filler", "", "filler", None, start, which.end())
            options.append((0.94 + costs[which.end()], which.end(), token))
        if clause[start] in _HANDS and (hands := gesture(clause, start, table)):
            options.append((_WORD - 0.02 * (hands.end - start) ** 1.5 + costs[hands.end], hands.end, hands))
        if clause[start] in DENYING and (denied := opposite(clause, start)):
            end, entry = denied
            options.append((_WORD - 0.02 * (end - start) ** 1.5 + costs[end], end, entry))
        for end in longer.get(start, ()):
            options.append((_KNOWN + costs[end], end, Token("noun", clause[start:end], "gap", None, start, end)))
        if not _chinese(clause[start]):
            own, token = _other(clause, start)
            options.append((own + costs[token.end], token.end, token))
        else:
            options.append((_DARK + costs[start + 1], start + 1, None))
        best, least = options[0], round(options[0][0], 6)
        for option in options[1:]:
            cost = round(option[0], 6)
            if cost < least or (cost == least and option[1] > best[1]):
                best, least = option, cost
        costs[start], firsts[start] = best[0], best[1:]
    tokens: list[Token] = []
    position = 0
    while position < length:
        end, word = firsts[position]
        if word is None:
            token = Token("noun", clause[position], "gap", None, position, end)
        else:
            token = word if isinstance(word, Token) else _token(word, position, end)
        single = token.category == "gap" and token.end - token.start == 1
        before = tokens[-1] if tokens else None
        if single and before and before.category == "gap" and before.end == token.start and not before.number:
            tokens[-1] = before._replace(tag=clause[before.start : token.end], end=token.end)
        else:
            tokens.append(token if single or token.category != "gap" else token._replace(number=1))
        position = token.end
    return tokens


def _alone(entry: Entry, clause: str, start: int, end: int) -> bool:
    """Whether a key holds only as a whole clause: a verb as a tag ("吹" blowing), or where somebody sits, which is one
    tag alone but in a sentence a pose and a place that can be changed one by one."""
    if entry.category == "alone":
        return True
    return clause[start] in _POSING and clause.startswith(_POSES, start, end) and clause.endswith(_PLACES, start, end)


@lru_cache(1 << 14)
def _chinese(sign: str) -> bool:
    return CHINESE.match(sign) is not None


def _other(clause: str, start: int) -> tuple[float, Token]:
    """A run of Latin letters, an emoji, the sign of a lettering, or a sign that says nothing, and what it costs."""
    if emoji := EMOJI.match(clause, start):
        return _WORD, Token("tag", words(emoji.group()), "emoji", None, start, emoji.end())
    if SIGN.match(clause[start]):
        return _WORD, Token("adjective", clause[start], "lettering", None, start, start + 1)
    if run := _RUN.match(clause, start):
        return _WORD, Token("noun", run.group(), "latin", None, start, run.end())
    return 0.5, Token("filler", "", "filler", None, start, start + 1)


def _token(entry: Entry, start: int, end: int) -> Token:
    return Token(_role_of(entry.category), entry.tag, entry.category, entry.part, start, end)


@cache
def _role_of(category: str) -> str:
    if category in ADJECTIVES and category != "style":
        return "adjective"
    if category in DENIALS:
        return "negation"
    return "noun" if category in NOUNS else category if category in GRAMMAR else "tag"
