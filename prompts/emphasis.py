"""Weights of single words in a phrase, kept while the phrase is cut up, translated or changed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from prompts.grammar import Run, between, inner, said
from prompts.prompt import weighed
from prompts.translate.chinese import CHINESE

_LEAD = re.compile(r"^(?:wearing|holding|in|on|at|with|an?|the) ")


def has_weights(text: str) -> bool:
    """Whether some words of a phrase have a weight of their own."""
    return any(run.weight != 1.0 for run in inner(text))


def text_of(runs: Sequence[Run]) -> str:
    """The runs as a prompt says them, with the weight that all of them have."""
    words, weight = said(runs)
    return words if weight == 1.0 else weighed(words, weight)


def parted(runs: Sequence[Run], parts: Sequence[str]) -> list[str] | None:
    """Parts of a phrase's bare words, each with the weights in it; None where one is not in the phrase as it stands."""
    whole = "".join(run.text for run in runs)
    found: list[str] = []
    for part in parts:
        words = part if part in whole else part.removesuffix(" style")  # "in the style of (monet:1.2)"
        at = whole.find(words)
        if at < 0:
            return None
        found.append(text_of((*between(runs, at, at + len(words)), Run(part[len(words) :]))))
    return found


def close(runs: Sequence[Run]) -> list[Run]:
    """The runs without white space between Chinese on both sides of a group: it is one clause all the same."""
    closed = list(runs)
    for at in range(len(closed) - 1):
        left, right = closed[at].text.rstrip(), closed[at + 1].text.lstrip()
        if CHINESE.match(left[-1:]) and CHINESE.match(right[:1]):
            closed[at] = replace(closed[at], text=left)
            closed[at + 1] = replace(closed[at + 1], text=right)
    return closed


def laid(phrases: Sequence[str], words: Sequence[str], weight: float) -> list[str] | None:
    """The phrases with a weight on these words of them, each where it first stands without one ("cat" in "two cats",
    too); None where one of the words is in no phrase."""
    found = [list(inner(phrase)) for phrase in phrases]
    for word in words:
        for form in dict.fromkeys((word, _LEAD.sub("", word))):
            if _weigh(found, form, weight):
                break
        else:
            return None
    return list(map(text_of, found))


def reweighed(text: str, word: str, change: Callable[[float], float], alone: bool) -> tuple[str, float, float] | None:
    """The phrase with another weight on the group in which a word stands, or with `alone` on the word itself where it
    stands in none; then the weight before and after. None where the word does not stand so, or is the whole phrase."""
    runs = inner(text)
    bare = "".join(run.text for run in runs)
    latin = word[:1].isascii()
    found = re.search(rf"(?<!\w){re.escape(word)}(?:e?s)?(?!\w)" if latin else re.escape(word), bare, re.IGNORECASE)
    if not word or found is None or found.group() == bare.strip():
        return None
    start, stop = found.span()
    old = between(runs, start, stop)[0].weight
    if old != 1.0:
        ends = list(accumulate(len(run.text) for run in runs))
        at = next(index for index, end in enumerate(ends) if start < end)
        start, stop = ends[at] - len(runs[at].text), ends[at]
    elif not alone:
        return None
    new = Run(bare[start:stop], change(old), 1)
    return text_of((*between(runs, 0, start), new, *between(runs, stop, len(bare)))), old, new.weight


def _weigh(phrases: list[list[Run]], word: str, weight: float) -> bool:
    """Whether the word was found in one of the phrases and weighs that much there now."""
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?:e?s)?(?!\w)", re.IGNORECASE)
    for at, runs in enumerate(phrases):
        for match in pattern.finditer("".join(run.text for run in runs)):
            start, stop = match.span()
            inside = between(runs, start, stop)
            if all(run.weight == 1.0 for run in inside):
                end = sum(len(run.text) for run in runs)
                heavier = [replace(run, weight=weight, depth=run.depth + 1) for run in inside]
                phrases[at] = [*between(runs, 0, start), *heavier, *between(runs, stop, end)]
                return True
    return False


def kept(old: str, new: str) -> str:
    """New words with the weights that single words of the old ones have; what takes a word's place takes its weight."""
    if not has_weights(old) or has_weights(new):
        return new
    weights: list[float] = []
    before: list[str] = []
    for run in inner(old):
        for word in run.text.split():
            before.append(word)
            weights.append(run.weight)
    words = new.split(" ")
    given = [1.0] * len(words)
    lower = [word.lower() for word in before], [word.lower() for word in words]
    for kind, start, stop, first, last in difflib.SequenceMatcher(None, *lower, autojunk=False).get_opcodes():
        if stop - start == last - first:
            given[first:last] = weights[start:stop]
        elif kind == "replace" and len(set(weights[start:stop])) == 1:
            given[first:last] = [weights[start]] * (last - first)
        elif kind == "insert" and len(set(weights[start : start + 2])) == 1 < len(weights[start : start + 2]):
            given[first:last] = [weights[start]] * (last - first)  # "(red hat:1.2)" that is big now
    runs = [Run(words[0], given[0], int(given[0] != 1.0))]
    for word, left, weight in zip(words[1:], given, given[1:], strict=False):
        runs += [Run(" ", left if left == weight else 1.0), Run(word, weight, int(weight != 1.0))]
    return text_of(runs)
