"""Did it draw it? What a prompt asks for, looked for in what a reader sees; nothing is said of what it cannot know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.tagging import plain
from prompts.prompt import Fragment, Prompt
from prompts.tags import category_of

LONGEST = 4  # words of what may be one tag
UNSEEN = frozenset({"quality", "negative"})  # the glossary's words that say how well, not what
FAINT = 0.5  # of the threshold: what a reader gives less is missing, what it gives more is seen or in doubt
_WEIGHT = re.compile(r"\(([^()]+?):[-+]?[0-9.]+\)|[()]")
_CHANGES = re.compile(r"[\[\]{}|<>]")  # a fragment that is another one at other steps, or something else than words
_SIGN = re.compile(r"BREAK|AND|:?[-+.\d]+(?: AND)?")
_WORDS = re.compile(r"[^\s,;.!?]+")


@dataclass(frozen=True, slots=True)
class CheckedWord:
    """Something that was asked for, as the prompt says it; how sure its reader is that the picture has it."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class DrawnCheck:
    """What of a prompt is in its picture: `seen`, `doubtful` and `missing`, each in the prompt's order."""

    seen: tuple[CheckedWord, ...] = ()
    doubtful: tuple[CheckedWord, ...] = ()
    missing: tuple[CheckedWord, ...] = ()

    @property
    def count(self) -> int:
        """Of how much there is an answer."""
        return len(self.seen) + len(self.doubtful) + len(self.missing)


def asked(prompt: Prompt) -> tuple[str, ...]:
    """All words and phrases that a reader may know, of what the person asked for."""
    found = (phrase for fragment in _own(prompt) for _, phrase in _phrases(_said(fragment)))
    return tuple(dict.fromkeys(found))


def checked(prompt: Prompt, known: Mapping[str, float], threshold: float) -> DrawnCheck:
    """The check of a prompt by the scores of the phrases that its reader knows. In each fragment the longest ones
    count: of "red scarf" not "scarf", too."""
    seen: list[CheckedWord] = []
    doubtful: list[CheckedWord] = []
    missing: list[CheckedWord] = []
    told: set[str] = set()
    for fragment in _own(prompt):
        for text in _known(_said(fragment), known):
            if plain(text) in told:
                continue
            told.add(plain(text))
            word = CheckedWord(text, known[text])
            kind = seen if word.score >= threshold else missing if word.score < FAINT * threshold else doubtful
            kind.append(word)
    return DrawnCheck(tuple(seen), tuple(doubtful), tuple(missing))


def _own(prompt: Prompt) -> Sequence[Fragment]:
    """The fragments that the person asked for, that are words of what can be seen, and that act."""
    return [
        one
        for one in prompt.fragments
        if one.origin != "preset"
        and one.weight > 0
        and not _SIGN.fullmatch(one.text)
        and not _CHANGES.search(one.text)
        and category_of(one.text) not in UNSEEN
    ]


def _said(fragment: Fragment) -> list[str]:
    """The words of a fragment, without the weights in it."""
    text = fragment.text.replace("\\(", "\x01").replace("\\)", "\x02")
    text = _WEIGHT.sub(lambda match: match[1] or "", text).replace("\x01", "(").replace("\x02", ")")
    return _WORDS.findall(text)


def _phrases(words: Sequence[str]) -> list[tuple[int, str]]:
    """Every run of a few words and where it begins, the longest first; the whole of a longer fragment, too."""
    lengths = sorted({len(words), *range(1, min(LONGEST, len(words)) + 1)}, reverse=True)
    return [
        (start, " ".join(words[start : start + length]))
        for length in lengths
        if length
        for start in range(len(words) - length + 1)
    ]


def _known(words: Sequence[str], known: Mapping[str, float]) -> list[str]:
    """The phrases of a fragment that its reader knows, in their order; none inside another."""
    taken: set[int] = set()
    found: list[tuple[int, str]] = []
    for start, phrase in _phrases(words):
        places = set(range(start, start + len(phrase.split())))
        if phrase in known and not places & taken:
            taken |= places
            found.append((start, phrase))
    return [phrase for _, phrase in sorted(found)]


# --- what can be done about it ---

STEP, MOST = 0.2, 1.6  # how much heavier a word gets at once, and how heavy at most: above it pictures break


def heavier(prompt: Prompt, words: Sequence[str]) -> Prompt | None:
    """The prompt with more weight on these words; None where none of them can get more."""
    changed, fragments = False, list(prompt.fragments)
    for at, fragment in enumerate(fragments):
        for word in words:
            if fragment.origin != "preset" and (heavy := _heavier(fragments[at], word)):
                fragments[at], changed = heavy, True
    return replace(prompt, fragments=tuple(fragments)) if changed else None


def _heavier(fragment: Fragment, word: str) -> Fragment | None:
    """The fragment with more weight on a word in it; None where it has none, or as much as can be."""
    if plain(fragment.text) == plain(word):
        weight = min(MOST, round(fragment.weight + STEP, 2))
        return replace(fragment, weight=weight) if weight > fragment.weight else None
    spaced = r"\s+".join(map(re.escape, word.split()))
    inside = re.compile(rf"\({spaced}:(?P<weight>\d*\.?\d+)\)|(?<![\w-]){spaced}(?![\w-])", re.IGNORECASE)
    match = inside.search(fragment.text)
    if match is None:
        return None
    before = float(match["weight"] or 1.0)
    weight = min(MOST, round(before + STEP, 2))
    if weight <= before:
        return None
    text = f"{fragment.text[: match.start()]}({word}:{weight:g}){fragment.text[match.end() :]}"
    return replace(fragment, text=text)


def apart(prompt: Prompt, words: Sequence[str]) -> Prompt:
    """The prompt with these words behind a BREAK, where they have a chunk of the text encoder for themselves; what was
    nothing but one of them is moved there. Of sides joined by AND, which may be for regions, each keeps its own."""
    sides: list[list[Fragment]] = [[]]
    for one in prompt.fragments:
        sides[-1].append(one)
        if _joins(one):
            sides.append([])
    return replace(prompt, fragments=tuple(one for side in sides for one in _apart(side, words)))


def _apart(side: Sequence[Fragment], words: Sequence[str]) -> Sequence[Fragment]:
    signs = [one for one in side if _joins(one)]
    said = [plain(" ".join(_said(one))) for one in side if one.origin != "preset"]
    here = [word for word in words if any(plain(word) in text for text in said)]
    if not here:
        return side
    wanted = {plain(word) for word in here}
    kept = [one for one in side if one not in signs and (plain(one.text) not in wanted or one.origin == "preset")]
    moved = {plain(one.text): one for one in side if one.origin != "preset"}
    behind = [moved.get(plain(word)) or Fragment(word) for word in here]
    return [*kept, Fragment("BREAK"), *behind, *signs] if kept else [*behind, *signs]


def _joins(fragment: Fragment) -> bool:
    """Whether another side begins behind it."""
    return fragment.text.split()[-1:] == ["AND"]
