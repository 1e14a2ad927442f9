"""The changes between two prompts, told as if a sentence had made them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from prompts import grammar
from prompts.edit.draft import Change
from prompts.prompt import Fragment, Prompt

ALIKE = 0.5  # of 1: above it two fragments are one that was changed, below it one that went and one that came
LONG = 8  # words of a fragment; of a longer one only the words that changed are said


def changes(old: Prompt, new: Prompt) -> tuple[Change, ...]:
    """The differences between two prompts in what a person wrote; what presets add is not counted."""
    before, after = _own(old), _own(new)
    found = [*_fragments(before, after), *_negatives(old, new)]
    return tuple(dict.fromkeys(found))


def _own(prompt: Prompt) -> list[Fragment]:
    if prompt.raw:
        read, _ = grammar.pieces(prompt.positive)
        return [Fragment(one.text, one.weight) for one in read]
    return [one for one in prompt.fragments if one.origin != "preset" and one.text not in (grammar.BREAK, "AND")]


def _fragments(before: Sequence[Fragment], after: Sequence[Fragment]) -> Iterator[Change]:
    weights = {one.text: one.weight for one in before}
    for one in after:
        if (weight := weights.get(one.text, one.weight)) != one.weight:
            yield Change("weighed", f"{one.text} ×{weight:g}", f"×{one.weight:g}")
    gone = Counter(one.text for one in before)
    come = Counter(one.text for one in after)
    stay = gone & come  # wherever they stand now
    matcher = SequenceMatcher(None, [one.text for one in before], [one.text for one in after], autojunk=False)
    for kind, start, end, to_start, to_end in matcher.get_opcodes():
        if kind != "equal":
            olds = [one.text for one in before[start:end] if one.text not in stay]
            news = [one.text for one in after[to_start:to_end] if one.text not in stay]
            yield from _block(olds, news)


def _block(olds: list[str], news: list[str]) -> Iterator[Change]:
    """Neighbours that became others: pairs where they are alike or as many, the rest gone or come."""
    if len(olds) == len(news):
        pairs = list(zip(olds, news, strict=True))
    else:
        pairs = []
        for old in olds:
            near = max(news, key=lambda new: _ratio(old, new), default="")
            if near and _ratio(old, near) >= ALIKE and near not in (new for _, new in pairs):
                pairs.append((old, near))
    for old, new in pairs:
        yield from _pair(old, new)
    yield from (Change("removed", old) for old in olds if old not in (one for one, _ in pairs))
    yield from (Change("added", after=new) for new in news if new not in (one for _, one in pairs))


def _pair(old: str, new: str) -> Iterator[Change]:
    before, after = old.split(), new.split()
    if max(len(before), len(after)) <= LONG or _ratio(old, new) < ALIKE:
        yield Change("replaced", old, new)
        return
    for kind, start, end, to_start, to_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = " ".join(before[start:end]), " ".join(after[to_start:to_end])
        if kind == "replace":
            yield Change("replaced", gone, come)
        elif kind == "delete":
            yield Change("removed", gone)
        elif kind == "insert":
            yield Change("added", after=come)


def _negatives(old: Prompt, new: Prompt) -> Iterator[Change]:
    before, after = ([one.text for one in prompt.negatives if one.origin != "preset"] for prompt in (old, new))
    yield from (Change("denied", after=one) for one in after if one not in before)
    yield from (Change("removed", f"--no {one}") for one in before if one not in after)


def _ratio(old: str, new: str) -> float:
    return SequenceMatcher(None, old, new, autojunk=False).ratio()
