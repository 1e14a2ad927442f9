"""How well Chinese becomes tags, on a file of terms or of whole prompts: `python -m tests.prompts.measure FILE`.

A file of terms (.tsv) has lines `Chinese<TAB>accepted|accepted<TAB>category`; a file of prompts (.txt) has blocks of a
line `= the prompt` and lines `part: phrase|another way to say it, phrase`, part one of q, s, d, n and * (any but the
negative). A line `x: phrase, phrase` names what the picture must not be asked to show: said all the same, it is a
reversal, as is a phrase that was asked for in the negative and one that was denied in the positive. "girl" and "boy"
stand for every way to say them.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import PARTS, Prompt
from prompts.translate.chain import chain, word_by_word
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Translator

_PARTS = dict(zip("qsd", PARTS, strict=True))


@dataclass(frozen=True, slots=True)
class Term:
    """A word and every tag that is a right answer for it."""

    chinese: str
    accepted: tuple[str, ...]
    category: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt and what its translation must say: pairs of a part (or "*") and phrases of which one suffices."""

    chinese: str
    required: tuple[tuple[str, tuple[str, ...]], ...]
    never: tuple[str, ...] = ()


@dataclass(slots=True)
class Score:
    """Counts of what was asked for, met exactly and met closely (the same words in another form or order)."""

    asked: int = 0
    exact: int = 0
    close: int = 0

    def __str__(self) -> str:
        whole = max(self.asked, 1)
        return f"{self.asked:5}  exact {100 * self.exact / whole:5.1f} %  close {100 * self.close / whole:5.1f} %"


def terms(path: Path) -> list[Term]:
    """The terms of a .tsv file; its first line may be a heading that begins with "zh"."""
    found: list[Term] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith(("#", "zh\t")):
            continue
        chinese, tags, category = line.split("\t")
        found.append(Term(chinese, tuple(tag.strip() for tag in tags.split("|")), category))
    return found


_KIN = {"girl": ("1girl", "girl", "woman", "female"), "boy": ("1boy", "boy", "man", "male")}


def _ways(phrase: str) -> tuple[str, ...]:
    return tuple(kin for way in phrase.split("|") for kin in _KIN.get(way.strip(), (way.strip(),)))


def prompts(path: Path) -> list[Asked]:
    """The prompts of a .txt file."""
    found: list[Asked] = []
    required: list[tuple[str, tuple[str, ...]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            required = []
            found.append(Asked(line[2:].strip(), ()))
        elif line.strip() and not line.startswith("#"):
            part, colon, ways = line.partition(":")
            if not colon or part.strip() not in {*_PARTS, "n", "*", "x"}:
                raise ValueError(f"{path.name}: not understood: {line}")
            if part.strip() == "x":
                found[-1] = replace(found[-1], never=tuple(phrase.strip() for phrase in ways.split(",")))
                continue
            required += [(part.strip(), _ways(phrase)) for phrase in ways.split(",")]
            found[-1] = replace(found[-1], required=tuple(required))
    return found


_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("s", ""))


def _tidy(tag: str) -> str:
    tag = re.sub(r"[\\()]", "", tag.lower().replace("_", " "))
    return " ".join(re.sub(r"\b(a|an|the) ", "", tag).split())


def _words(tag: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in re.findall(r"[a-z0-9+']+", _tidy(tag)):
        ending = next((pair for pair in _ENDINGS if len(word) > 3 and word.endswith(pair[0])), ("", ""))
        found[word[: len(word) - len(ending[0])] + ending[1] if not word.endswith("ss") else word] += 1
    return found


def f1(said: str, wanted: str) -> float:
    """How alike two tags are, by their words: 1 the same words, 0 none in common."""
    left, right = _words(said), _words(wanted)
    common = (left & right).total()
    return 2 * common / max(left.total() + right.total(), 1)


def said(chinese: str, translators: Sequence[Translator]) -> str:
    """What the word translators make of a term."""
    return ", ".join(phrase.text for phrase in word_by_word(chinese, translators)[0])


def judge(term: Term, translators: Sequence[Translator]) -> tuple[bool, bool, str]:
    """Whether a term's translation is exact, whether it is close (word F1 at least a half), and the translation."""
    answer = said(term.chinese, translators)
    exact = any(_tidy(answer) == _tidy(tag) for tag in term.accepted)
    return exact, exact or any(f1(answer, tag) >= 0.5 for tag in term.accepted), answer


def _holds(text: str, phrase: str) -> bool:
    """Whether every word of the phrase is in the text."""
    return not _words(phrase) - _words(text)


@dataclass(frozen=True, slots=True)
class Absent:
    """A required phrase that is not in its part; `anywhere` where it is in another part of the right side."""

    part: str
    phrase: str
    anywhere: bool
    reversed: bool


_LETTERING = re.compile(r'"[^"]*"')  # what is to be read in the picture stays in its script
_DENYING = re.compile(r"\b(?:no|not|without|un\w+|\w+less)\b")


def missing(asked: Asked, prompt: Prompt) -> Iterator[Absent]:
    """Every required phrase that is not where it should be, and everything that is said though it never should be."""
    own = [fragment for fragment in prompt.fragments if fragment.origin != "preset"]
    wanted = [fragment.text for fragment in own]
    unwanted = [fragment.text for fragment in prompt.negatives if fragment.origin != "preset"]

    def said(places: Sequence[str], ways: Sequence[str]) -> bool:
        return any(_holds(text, way) for text in places for way in ways)

    for part, ways in asked.required:
        right, wrong = (unwanted, wanted) if part == "n" else (wanted, unwanted)
        places = right if part in "n*" else [f.text for f in own if f.part == _PARTS[part]]
        if not said(places, ways):
            here = said(right, ways)
            yield Absent(part, " | ".join(ways), here, not here and said(wrong, ways))
    for phrase in asked.never:
        if said([text for text in wanted if not _DENYING.search(text)], (phrase,)):
            yield Absent("x", phrase, False, True)


def composed(chinese: str, translators: Sequence[Translator]) -> Prompt:
    """The prompt that a text gives, as a person would get it; an empty one where it is refused."""
    try:
        return asyncio.run(compose(chinese, translators=translators))[0]
    except Refusal:
        return Prompt(chinese, ())


def score_terms(path: Path, translators: Sequence[Translator], misses: bool = False) -> dict[str, Score]:
    """The scores of a file of terms by category, and of all under ""; prints what missed when asked to."""
    scores: dict[str, Score] = {"": Score()}
    for term in terms(path):
        exact, close, answer = judge(term, translators)
        for key in ("", term.category):
            score = scores.setdefault(key, Score())
            score.asked, score.exact, score.close = score.asked + 1, score.exact + exact, score.close + close
        if misses and not exact:
            print(f"{'~' if close else ' '} {term.category}\t{term.chinese}\t{answer}\t<- {' | '.join(term.accepted)}")
    return scores


@dataclass(slots=True)
class PromptScore:
    """`phrases` (close: said, but in another part), and of prompts how many there are, how many are right in everything
    but the parts, how many say the opposite of something, are refused, or keep Chinese."""

    phrases: Score
    asked: int = 0
    right: int = 0
    reversed: int = 0
    refused: int = 0
    left: int = 0

    def __str__(self) -> str:
        part = f"right part {100 * self.phrases.exact / max(self.phrases.close, 1):.1f} % of those said"
        return (
            f"{self.phrases}  {part}\n{self.asked} prompts: all right {100 * self.right / max(self.asked, 1):.1f} %, "
            f"reversed {self.reversed}, refused {self.refused}, Chinese left in {self.left}"
        )


def score_prompts(path: Path, translators: Sequence[Translator], misses: bool = False) -> PromptScore:
    """The score of a file of prompts; prints what is wrong when asked to."""
    score = PromptScore(Score())
    for asked in prompts(path):
        prompt = composed(asked.chinese, translators)
        absent = list(missing(asked, prompt))
        lost = [one for one in absent if one.part != "x"]
        score.phrases.asked += len(asked.required)
        score.phrases.exact += len(asked.required) - len(lost)
        score.phrases.close += len(asked.required) - sum(not one.anywhere for one in lost)
        score.asked += 1
        score.right += all(one.anywhere for one in absent)
        score.reversed += any(one.reversed for one in absent)
        score.refused += not prompt.fragments and not prompt.negatives
        score.left += bool(CHINESE.search(_LETTERING.sub("", prompt.positive + prompt.negative)))
        if misses and absent:
            own = [f"{f.text} [{f.part[:1]}]" for f in prompt.fragments if f.origin != "preset"]
            own += [f"{f.text} [n]" for f in prompt.negatives if f.origin != "preset"]
            print(f"= {asked.chinese}\n    {', '.join(own)}")
            for one in absent:
                verdict = "REVERSED" if one.reversed else "moved" if one.anywhere else "absent"
                print(f"    {verdict} {one.part}: {one.phrase}")
    return score


def main() -> None:
    for name in sys.argv[1:]:
        path = Path(name)
        translators = chain(Path(tempfile.gettempdir()) / "danqing-measure")
        if path.suffix == ".tsv":
            for category, score in sorted(score_terms(path, translators, misses=True).items()):
                print(f"{category or 'all':20} {score}")
        else:
            print(f"{path.name}: {score_prompts(path, translators, misses=True)}")


if __name__ == "__main__":
    main()
