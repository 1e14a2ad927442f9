"""Finding tags while somebody types: by Chinese, by pinyin or its initials, by English; one letter may be wrong."""

from __future__ import annotations

import bisect
import re
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from prompts.pinyin import sounds
from prompts.prompt import Part
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import Entry, entries
from prompts.translate.roles import JOINING

_MOST = 2000  # hits looked at: "s" begins a thousand words, and the best of so many are good enough
_LONGEST = 8  # signs of Chinese at the end of a clause that are tried as the beginning of a word
_WORDS = 3  # English words likewise
_LETTERS_WITH_A_SLIP = 4  # of fewer, a slip makes another word

# How a hit ranks before its length counts. A pinyin that is whole is a word; initials alone are only a guess.
_EXACT, _PINYIN, _INITIALS, _BEGINS, _PINYIN_BEGINS, _WORD_BEGINS, _INITIALS_BEGIN, _INSIDE = range(0, 800, 100)
# A whole word but for one letter, or the beginning of one: behind what is written right so far (changf, changfa).
_SLIP, _SLIP_BEGINS = 450, 620
# Nobody has counted how often which tag is used: what most pictures have comes before what few have.
_USUAL = {"hair": 7, "person": 6, "animal": 5, "eyes": 5, "style": 4, "clothing": 3, "expression": 3, "place": 3}
_SELDOM = 20  # the beginning of what is seldom drawn comes after words ten letters longer, and …
_NAMED, _NAMES = (
    110,
    frozenset(("place", "nation", "culture")),
)  # … the beginning of a name, mostly its pinyin, a class later
_OTHER_NAME = 16  # its first name is the one that is said, however usual the other is
_FOREIGN = 250  # pinyin for a person who reads English

_Hit = Callable[[int, int, int, bool], None]  # key, rank, characters more than asked for, whether Chinese was meant


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that may be meant. `chinese` is the word found, or the tag's first one; `insert` is what to write."""

    tag: str
    chinese: str
    category: str
    part: Part
    insert: str


class _Column:
    """Many short texts in one long one: found by prefix or anywhere at the speed of `str.find`."""

    def __init__(self, texts: Iterable[tuple[str, int]]) -> None:
        rows = [(text, owner) for text, owner in texts if text]
        self._text = "\n" + "\n".join(text for text, _ in rows) + "\n"
        self._starts = array("L")
        self._owners = array("L", (owner for _, owner in rows))
        at = 1
        for text, _ in rows:
            self._starts.append(at)
            at += len(text) + 1

    def hits(self, part: str, *, before: str = "\n") -> Iterator[tuple[int, int]]:
        """Whose text has `before` and `part` in it, and how many characters that text has more than `part`."""
        wanted, at, found = before + part, -1, 0
        while (at := self._text.find(wanted, at + 1)) >= 0 and found < _MOST:
            index = bisect.bisect_right(self._starts, at + len(before)) - 1
            end = self._starts[index + 1] - 1 if index + 1 < len(self._starts) else len(self._text) - 1
            yield self._owners[index], end - self._starts[index] - len(part)
            found += 1

    def near(self, part: str) -> Iterator[tuple[int, int]]:
        """Whose text begins with `part` but for one letter that is wrong, left out, added or changed with the next,
        and how many characters that text has more, of at most twice as many. One half of `part` is right then: these
        are looked for."""
        half = (len(part) + 1) // 2
        left, right = part[:half], part[half:]
        swapped = left[:-1] + right[:1] + left[-1:] + right[1:]
        # Long texts are left out here: nobody means one of thirty letters by four, and hundreds begin alike.
        rest = rf"[^\n]{{0,{len(part) + len(right) + 1}}}\n"
        late = re.compile(rf"\n(?=(?:{re.escape(left)}|{re.escape(swapped)}){rest})")
        early = re.compile(rf"\n(?={_anything_near(left)}{re.escape(right)}{rest})")
        seen: set[int] = set()
        for form in (late, early):
            for match in islice(form.finditer(self._text), _MOST):
                start = match.end()
                if start in seen:
                    continue
                seen.add(start)
                text = self._text[start : self._text.index("\n", start)]
                if (longer := _longer(part, text)) is not None:
                    yield self._owners[bisect.bisect_left(self._starts, start)], longer


def _anything_near(part: str) -> str:
    """A pattern for all that a few letters may be with a slip in them; of more, anything of about that length."""
    if len(part) > 3:  # its other half is long enough to be rare: 2 ms instead of 16 for "pian", but not for more
        return rf"[^\n]{{{len(part) - 1},{len(part) + 1}}}"
    signs, any_sign = [re.escape(sign) for sign in part], r"[^\n]"
    forms = [[*signs[:at], any_sign, *signs[at:]] for at in range(len(signs) + 1)]
    forms += [[*signs[:at], *gap, *signs[at + 1 :]] for at in range(len(signs)) for gap in ([any_sign], [])]
    forms += [[*signs[:at], signs[at + 1], signs[at], *signs[at + 2 :]] for at in range(len(signs) - 1)]
    return f"(?:{'|'.join(map(''.join, forms))})"


def _longer(typed: str, text: str) -> int | None:
    """How many characters a text has more than what was typed, where it begins with that but for one letter."""
    if text.startswith(typed):
        return None  # it begins with that as it is
    at = next((at for at, sign in enumerate(text) if sign != typed[at]), len(text))
    rest, after = typed[at:], typed[at + 1 :]
    if text.startswith(rest, at + 1):  # one left out
        return len(text) - at - 1 - len(rest)
    if text.startswith(after, at + 1) and at < len(text):  # one wrong
        return len(text) - at - 1 - len(after)
    if after and text.startswith(after[0] + rest[0] + after[1:], at):  # two changed
        return len(text) - at - len(rest)
    return len(text) - at - len(after) if text.startswith(after, at) else None  # one added


@dataclass(frozen=True, slots=True)
class _Columns:
    """The glossary for searching: keys by number, the tag that each stands for, and what is searched."""

    keys: tuple[str, ...]
    owners: tuple[Entry, ...]
    first: Mapping[str, int]  # of a tag: its first key
    names: Mapping[str, int]  # of a tag: how many keys it has, which tells how usual it is
    chinese: _Column
    english: _Column
    pinyin: _Column
    initials: _Column


class Index:
    """The search over the glossary; made when first asked. `folder` keeps the pinyin of its words, made from CC-CEDICT
    where that is installed (without it, pinyin finds nothing)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._made: _Columns | None = None

    def find(self, query: str, limit: int = 8, *, pinyin: bool = True) -> tuple[Suggestion, ...]:
        """The tags that a word or its beginning may mean, the likeliest first; one letter may be wrong, no sign of
        Chinese. Without `pinyin` English comes first."""
        query = " ".join(query.lower().replace("_", " ").split())[:60]
        if not query or "\n" in query:
            return ()
        columns = self._columns()
        best: dict[str, tuple[int, int, bool]] = {}  # of a tag: score, key, whether the Chinese was meant

        def note(key: int, score: int, longer: int, chinese: bool) -> None:
            entry = columns.owners[key]
            tag = entry.tag
            score += 2 * longer - min(columns.names[tag], 8) - _USUAL.get(entry.category, 0)
            if entry.seldom and longer:
                score += _NAMED if entry.category in _NAMES else _SELDOM
            score += _OTHER_NAME * (chinese and key != columns.first[tag])
            if tag not in best or (score, key) < best[tag][:2]:
                best[tag] = score, key, chinese

        if CHINESE.search(query):
            for plain in chinese.readings(query):
                for key, longer in columns.chinese.hits(plain):
                    note(key, _BEGINS if longer else _EXACT, longer, True)
                for key, longer in columns.chinese.hits(plain, before=""):
                    note(key, _INSIDE, longer, True)
        else:
            self._latin(query, columns, 0 if pinyin else _FOREIGN, note)
        ranked = sorted(best.values())[:limit]
        return tuple(self._shown(columns, key, chinese) for _, key, chinese in ranked)

    def complete(self, text: str, limit: int = 8, *, pinyin: bool = True) -> tuple[int, tuple[Suggestion, ...]]:
        """Suggestions for the end of what is being typed, and how many characters of it each would replace. A word
        that stands there whole is the first, unless it is the only one."""
        for start in _starts(text):
            if found := self.find(text[start:], limit, pinyin=pinyin):
                typed = " ".join(text[start:].lower().split())
                return len(text) - start, () if [one.insert for one in found] == [typed] else found
        return 0, ()

    @staticmethod
    def _latin(query: str, columns: _Columns, foreign: int, note: _Hit) -> None:
        for key, longer in columns.english.hits(query):
            note(key, _BEGINS if longer else _EXACT, longer, False)
        for key, longer in columns.english.hits(f"1{query}"):  # a "girl" is the tag 1girl
            note(key, _WORD_BEGINS if longer else _EXACT, longer, False)
        for key, longer in columns.english.hits(query, before=" "):
            note(key, _WORD_BEGINS, longer, False)
        if len(query) > 2:
            for key, longer in columns.english.hits(query, before=""):
                note(key, _INSIDE, longer, False)
        sound = re.sub(r"[ ']", "", query)
        for key, longer in columns.pinyin.hits(sound):
            note(key, foreign + (_PINYIN_BEGINS if longer else _PINYIN), longer, True)
        if len(sound) > 1 and len(query.split()) in (1, len(sound)):
            for key, longer in columns.initials.hits(sound):
                note(key, foreign + (_INITIALS_BEGIN if longer else _INITIALS), 2 * longer, True)
        if len(sound) >= _LETTERS_WITH_A_SLIP:
            for key, longer in columns.english.near(query):
                note(key, _SLIP_BEGINS if longer else _SLIP, longer, False)
            for key, longer in columns.pinyin.near(sound):
                note(key, foreign + (_SLIP_BEGINS if longer else _SLIP), longer, True)

    @staticmethod
    def _shown(columns: _Columns, key: int, chinese: bool) -> Suggestion:
        entry = columns.owners[key]
        word = columns.keys[key if chinese else columns.first[entry.tag]]
        return Suggestion(entry.tag, word, entry.category, entry.part, word if chinese else entry.tag)

    def _columns(self) -> _Columns:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = _columns(sounds(self._folder))
        return self._made


def _starts(text: str) -> Iterator[int]:
    """Where the word may begin that is being typed at the end of a clause, the longest first."""
    lead = len(text) - len(text.lstrip())
    if CHINESE.search(text):
        tail = max(lead, len(text) - _LONGEST)
        yield from range(tail, len(text) - 1 if len(text) - lead > 1 else len(text))
        return
    begins = [match.start() for match in re.finditer(r"\S+", text)]
    yield from begins[-_WORDS:] if len(begins) > _WORDS else begins


def searched() -> list[tuple[str, Entry]]:
    """What is searched: the glossary without its grammar, key and entry."""
    return [(key, entry) for key, entry in entries().items() if entry.category not in JOINING and "{" not in entry.tag]


def _columns(said: Mapping[str, tuple[str, str]]) -> _Columns:
    rows = searched()
    first: dict[str, int] = {}
    for number, (_, entry) in enumerate(rows):
        first.setdefault(entry.tag, number)
    heard = [said.get(key, ("", "")) for key, _ in rows]
    return _Columns(
        tuple(key for key, _ in rows),
        tuple(entry for _, entry in rows),
        first,
        Counter(entry.tag for _, entry in rows),
        _Column((key, number) for number, (key, _) in enumerate(rows)),
        _Column((tag.lower(), number) for tag, number in first.items()),
        _Column((whole, number) for number, (whole, _) in enumerate(heard)),
        _Column((letters, number) for number, (_, letters) in enumerate(heard)),
    )
