"""Choices drawn with a seed: `__animal__` out of a list, `{a|b|2::c}`, `{2$$a|b|c}`, `${x=a}` to say again."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prompts.prompt import Note
from prompts.spelling import near
from prompts.wildcards.brackets import options, pairs
from prompts.wildcards.lists import lists, matching

DEPTH = 8  # lists may name lists, and choices hold choices, so deep
DRAWS = 200  # in one text; a list that names itself twice would never end
LENGTH = 8000  # characters that a text may grow to: twice what a person may write

# As the grammar has it, but for Chinese, where no space stands before the word: "一只__动物__".
WILDCARD = re.compile(
    r"(?<![A-Za-z0-9])__(?P<turn>[@~!]?)(?P<name>(?:\*{1,2}/?)?[^\W_](?:[^\s,_()\[\]{}<>]|_(?!_))*)(?:\((?P<given>[^()]*)\))?__"
)
# A LoRA's name may look like a wildcard.
_START = re.compile(rf"\\.|[<＜]\s*[A-Za-z_]+\s*[:：][^<>＜＞{{}}]*[>＞]|\$?\{{|{WILDCARD.pattern}", re.DOTALL)
_LISTED = re.compile(rf"\s*{WILDCARD.pattern}\s*")
_HEAD = re.compile(
    r"\s*(?P<turn>[@~!]?)\s*"
    r"(?:(?P<few>\d{1,3})?(?P<to>\s*-\s*(?P<many>\d{1,3})?)?\$\$(?:(?P<joint>[^{}\[\]()|$]{0,20})\$\$)?)?"
)
_VARIABLE = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*(?:(?P<sets>\?)?=(?P<now>!)?|(?P<says>:)|(?=\}))")
_GIVEN = re.compile(r"\s*([^\W\d]\w*)\s*=\s*((?:[^,{}]|\{[^{}]*\})*)")
_IN_TURN = ("@", "!")


def has_choices(text: str) -> bool:
    """Whether there may be something to draw in a text."""
    return "{" in text or "__" in text


def drawn(
    text: str, seed: int, folders: Sequence[Path] = (), turns: dict[str, int] | None = None
) -> tuple[str, tuple[Note, ...]]:
    """The text with every choice made, and notes on what was chosen; the same for the same seed on every machine.

    `folders` hold the owner's own lists and are asked before ours. The name of an unknown list or variable stands for
    itself, in words. `turns` says where everything stands that comes in turn ("{@a|b}"), by `turn_of` it, and is
    brought up to date: such a choice begins with its first entry and goes on from text to text, whatever the seed is.
    Without, the seed says the first. Reads files when a list is named.
    """
    drawing = _Drawing(seed, folders, turns)
    return drawing.read(text, 0)[: max(LENGTH, len(text))], tuple(drawing.notes)


def turn_of(written: str) -> str:
    """Under which name it is remembered where a choice stands that comes in turn: short, and without its words."""
    return hashlib.sha256(" ".join(written.split()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Place:
    """Brackets in a text: `{` at `start`, `}` at `close`, and where all brackets of the text close."""

    text: str
    start: int
    close: int
    closes: Mapping[int, int]


class _Drawing:
    def __init__(self, seed: int, folders: Sequence[Path], turns: dict[str, int] | None) -> None:
        self.notes: list[Note] = []
        self._rng = random.Random(seed)
        self._folders = folders
        self._draws = 0
        self._length = 0
        self._variables: dict[str, str] = {}
        self._turns = {} if turns is None else turns  # of what is drawn in turn: which entry it was
        self._begun = seed if turns is None else 0

    def read(self, text: str, depth: int) -> str:
        if not has_choices(text):
            return text
        closes = pairs(text)
        parts: list[str] = []
        position = 0
        while found := _START.search(text, position):
            parts.append(text[position : found.start()])
            position = found.end()
            sign = found.group()
            close = closes.get(position - 1) if sign in ("{", "${") else None
            if sign[0] in "\\<＜" or (close is None and sign in ("{", "${")):
                parts.append(sign)
                continue
            if close is not None:
                place = _Place(text, position - 1, close, closes)
                position = close + 1
                if sign == "${" and (variable := _VARIABLE.match(text, place.start + 1, close + 1)):
                    said = self._of_variable(place, variable, depth)
                    position += len(re.match(r"\s*", text[position:])[0]) if said is None else 0  # type: ignore[index]
                    parts.append(said or "")
                    continue
                parts.append(sign[:-1])
            written = text[found.end() - 1 : close + 1] if close is not None else sign
            if self._spent(written, depth):
                continue
            chosen = self._of_list(found, depth) if close is None else self._choice(place, depth)
            self._said(written, chosen, depth)
            parts.append(chosen if chosen is not None else " ".join(re.split(r"[_/*-]+", found["name"])))
        return "".join([*parts, text[position:]])

    def _spent(self, written: str, depth: int) -> bool:
        """Whether there was enough of drawing; one more is counted where there was not."""
        if depth >= DEPTH or self._draws >= DRAWS or self._length > LENGTH:
            self._note("note.choices_too_many", text=_short(written))
            return True
        self._draws += 1
        return False

    def _said(self, written: str, chosen: str | None, depth: int) -> None:
        if depth == 0 and chosen is not None:
            self._length += len(chosen)
            self._note("note.chosen", choice=_short(written), text=_short(chosen) or "–")

    def _of_variable(self, place: _Place, variable: re.Match[str], depth: int) -> str | None:
        """What a variable stands for; None where it is only given its value, which leaves nothing in the text."""
        name, value = variable["name"], place.text[variable.end() : place.close]
        if variable.group().rstrip()[-1:] in ("=", "!"):
            if variable["sets"] and name in self._variables:
                return None
            value = value.strip()
            if variable["now"] and has_choices(value) and not self._spent(value, depth):
                drawn_now = self.read(value, depth + 1)
                self._said(value, drawn_now, depth)
                value = drawn_now
            self._variables[name] = value
            return None
        if name not in self._variables and not variable["says"]:
            self._note("note.variable_unknown", name=name[:40])
            return name.replace("_", " ")
        value = self._variables.get(name, value.strip())
        written = place.text[place.start - 1 : place.close + 1]
        if not has_choices(value):
            self._length += len(value)
            return value if self._length <= LENGTH else ""
        if self._spent(written, depth):
            return ""
        said = self.read(value, depth + 1)
        self._said(written, said, depth)
        return said

    def _of_list(self, found: re.Match[str], depth: int) -> str | None:
        name, known = found["name"], lists(self._folders)
        fitting = matching(known, name)
        if not fitting:
            self._note("note.wildcard_unknown", name=name[:40], near=near(name, known))
            return None
        entries = [entry for one in fitting for entry in one.entries]
        if not entries:
            return ""
        kept = self._variables
        self._variables = {**kept, **{one: value.strip() for one, value in _GIVEN.findall(found["given"] or "")}}
        said = self.read(entries[self._index(entries, found["turn"], found.group())][0], depth + 1)
        self._variables = kept
        return said

    def _choice(self, place: _Place, depth: int) -> str:
        head = _HEAD.match(place.text, place.start + 1, place.close)
        begin = head.end() if head else place.start + 1
        found = options(place.text, begin, place.close, place.closes)
        turn = head["turn"] if head else ""
        few, many, joint = 1, 1, ", "
        if head and "$$" in head.group():
            few = int(head["few"] or 1)
            many = int(head["many"] or len(found)) if head["to"] else few
            joint = head["joint"] if head["joint"] is not None else joint
            if len(found) == 1 and (listed := _LISTED.fullmatch(found[0][0])) and not listed["given"]:
                # "{2$$__animal__}", and "{2-$$__animal__}": of the list as many as it has
                found = [
                    entry for one in matching(lists(self._folders), listed["name"]) for entry in one.entries
                ] or found
                many = many if not head["to"] or head["many"] else len(found)
        count = min(len(found), few + int(self._rng.random() * (max(few, many) - few + 1)))
        if turn in _IN_TURN:  # those that come behind the last
            at = self._index(found, turn, place.text[place.start : place.close + 1])
            return joint.join(self.read(one.strip(), depth + 1) for one, _ in [*found[at:], *found[:at]][:count])
        picked: list[str] = []
        for _ in range(count):
            picked.append(self.read(found.pop(self._index(found))[0].strip(), depth + 1))
        return joint.join(picked)

    def _index(self, among: Sequence[tuple[str, float]], turn: str = "", written: str = "") -> int:
        """One of the entries: by its share, or where they come in turn the one behind the last. `random()` alone is
        promised to give the same numbers in every Python."""
        if turn in _IN_TURN:
            key = turn_of(written)
            last = self._turns.pop(key, None)  # what was used last stands last
            self._turns[key] = (self._begun if last is None else last + 1) % len(among)
            return self._turns[key]
        rest = self._rng.random() * sum(share for _, share in among)
        for index, (_, share) in enumerate(among):
            rest -= share
            if rest < 0:
                return index
        return len(among) - 1

    def _note(self, key: str, /, **values: str) -> None:
        if len(self.notes) < DRAWS:
            self.notes.append(Note(key, values))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
