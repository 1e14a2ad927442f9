"""Schedules and AND: which texts a prompt is at which step, and which texts are mixed."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

AND = re.compile(r"\bAND\b")
SHARE = re.compile(r"[-+]?(?:\d+\.?|\d*\.\d+)")
_TOKEN = re.compile(r"\\.|[()\[\]:|]|[^\\()\[\]:|]+")
WHEN = re.compile(r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*")
OPENING = {")": "(", "]": "["}


def multicond(text: str) -> list[tuple[str, float]]:
    """The texts between ANDs, each with the number behind its last colon as its weight, or 1.

    Source: the behaviour of `get_multicond_prompt_list` in AUTOMATIC1111/stable-diffusion-webui 1.10.
    """
    found = []
    for part in AND.split(text):
        before, colon, after = part.rpartition(":")
        if colon and SHARE.fullmatch(share := after.strip()):
            found.append((before.rstrip(), float(share)))
        else:
            found.append((part.rstrip(), 1.0))
    return found


def schedule(text: str, steps: int, before: int = 0, *, old: bool = False) -> list[tuple[int, str]]:
    """The texts of a prompt over its steps: (last step of this text, counted from 1; the text), in order.

    `before` are the steps of the pass before this one, 0 where it is the first: changes are counted from the beginning
    of the first, whole numbers in its steps, and shares of the second are those from 1 to 2. The `old` way, before 1.6,
    takes what is below 1 for a share and all else for steps, however it is written.

    `[from:to:when]`, `[to:when]` and `[from::when]` change after step `when`; written with a point it is a share of
    the steps. `[a|b]` goes round step by step. A text with a `|` anywhere else, or with a backslash before nothing, is
    one text for all steps, as it is there.
    Source: the behaviour of `get_learned_conditioning_prompt_schedules` in AUTOMATIC1111/stable-diffusion-webui 1.10.
    """
    changes = _changes(text)
    count = _Count(steps, before, old)
    ends = {steps}
    for change in changes:
        if change.when is None:
            ends.update(range(1, steps + 1))
        elif (end := change.end(count)) >= 1:
            ends.add(end)
    starts = [change.start for change in changes]
    return [(end, _said(text, changes, starts, end, count)) for end in sorted(ends)]


@dataclass(frozen=True, slots=True)
class _Count:
    """How the changes of a prompt are counted; see `schedule`."""

    steps: int
    before: int
    old: bool

    def at(self, when: str) -> float:
        """The step that is meant."""
        value = float(when)
        if self.old:
            return value * self.steps if value < 1 else value
        return (value - (self.before > 0)) * self.steps if "." in when else value - self.before


@dataclass(frozen=True, slots=True)
class _Change:
    """A schedule (`when` as written) or an alternation (`when` is None): where it stands, and its branches."""

    start: int
    stop: int
    branches: tuple[tuple[int, int], ...]
    when: str | None = None

    def end(self, count: _Count) -> int:
        """The last step of a schedule's first branch."""
        assert self.when is not None
        value = count.at(self.when)
        return int(value) if math.isfinite(value) and value < count.steps else count.steps

    def branch(self, step: int, count: _Count) -> tuple[int, int]:
        if self.when is None:
            return self.branches[(step - 1) % len(self.branches)]
        return self.branches[0] if step <= self.end(count) else self.branches[1]


def _said(text: str, changes: Sequence[_Change], starts: Sequence[int], step: int, count: _Count) -> str:
    said: list[str] = []
    waiting = [(0, len(text))]
    while waiting:
        start, stop = waiting.pop()
        index = bisect.bisect_left(starts, start)
        if index == len(starts) or starts[index] >= stop:
            said.append(text[start:stop])
            continue
        change = changes[index]
        said.append(text[start : change.start])
        waiting += [(change.stop, stop), change.branch(step, count)]
    return "".join(said)


@dataclass(slots=True)
class _Open:
    """A bracket that has not closed yet: its number among the signs, and where its own colons and bars stand."""

    sign: int
    bracket: str
    start: int
    colons: list[int] = field(default_factory=list)
    bars: list[int] = field(default_factory=list)
    sound: bool = True  # holds only whole groups


def _changes(text: str) -> list[_Change]:
    """The changes that count, in the order in which they begin; none in a text that A1111 cannot read."""
    signs: list[int] = []  # where brackets and colons stand
    groups: dict[int, int] = {}  # closing → opening sign of a group: whole groups inside, colons and bars that fit
    changes: dict[int, _Change] = {}  # by closing sign
    stack = [_Open(-1, "", -1)]
    bars = 0  # that no alternation has claimed
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            return []
        token, start, position = found.group(), position, found.end()
        top = stack[-1]
        if token == "|":
            top.bars.append(start)
            bars += 1
        if token not in "[]():":
            continue
        signs.append(start)
        if token == ":":
            top.colons.append(start)
        elif token in "([":
            stack.append(_Open(len(signs) - 1, token, start))
        elif top.bracket != OPENING[token]:  # nothing that is open here can still become a group
            del stack[1:]
        else:
            stack.pop()
            change = _change(text, top, start)
            if change:
                changes[len(signs) - 1] = change
                bars -= len(top.bars)
            if change or (top.sound and not top.bars and len(top.colons) <= (token == ")")):
                groups[len(signs) - 1] = top.sign
            else:
                stack[-1].sound = False
    return [] if bars or not changes else _kept(signs, groups, changes)


def _change(text: str, group: _Open, close: int) -> _Change | None:
    if group.bracket != "[" or not group.sound:
        return None
    marks = group.bars or group.colons
    spans = tuple(zip([group.start + 1, *(mark + 1 for mark in marks)], [*marks, close], strict=True))
    if group.bars:
        return None if group.colons else _Change(group.start, close + 1, spans)
    if not 1 <= len(marks) <= 2 or not (when := WHEN.fullmatch(text, *spans[-1])):
        return None
    nothing = group.start + 1, group.start + 1
    return _Change(group.start, close + 1, (nothing, *spans[:-1])[-2:], when.group(1))


def _kept(signs: Sequence[int], groups: Mapping[int, int], changes: Mapping[int, _Change]) -> list[_Change]:
    """The changes that A1111's parser keeps. Every well-formed text keeps all of them.

    Beside brackets that pair with nothing its grammar is ambiguous: `[a:3]))` may be a schedule and two signs, or six
    signs. Its parser (Earley, lark 1.3) reads from the end: whole groups as long as there are any, then a run of signs,
    which swallows the closing bracket of a group before it when the run is of odd length.
    """
    kept: list[_Change] = []
    spans: list[tuple[int, int]] = []
    last = len(signs) - 1
    while last >= 0:
        if last in groups:
            spans.append((signs[groups[last]], signs[last]))
            last = groups[last] - 1
            continue
        first = last
        while first and signs[first - 1] == signs[first] - 1:
            if first - 1 in changes and changes[first - 1].when is None:
                break  # the bars of an alternation are nothing else
            first -= 1
        last = first - 1 if (last - first) % 2 == 0 else first
    order = sorted(changes.values(), key=lambda change: change.start)
    for start, stop in reversed(spans):
        first = bisect.bisect_left(order, start, key=lambda change: change.start)
        after = bisect.bisect_left(order, stop, key=lambda change: change.start)
        kept += order[first:after]
    return kept
