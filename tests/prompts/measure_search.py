"""How well tags are found while somebody types: `python -m tests.prompts.measure_search [TAGS]`.

Tags are drawn at random, always the same ones; each is asked for in every way, and counts where it is among the first
five. A slip is one letter that is wrong, left out, doubled or changed with the next, anywhere in the word.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prompts.pinyin import sounds
from prompts.search import Index, searched
from prompts.translate.chinese import CHINESE

_SEED = 20261128
_FIRST = 5
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Found:
    """Of how many tags how many were among the first five; `took` is in milliseconds of processor time."""

    asked: int = 0
    found: int = 0
    took: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.found / max(self.asked, 1)


def slipped(word: str, dice: random.Random) -> str:
    """The word with one letter wrong, left out, doubled, or changed with the next."""
    places = [at for at, sign in enumerate(word) if sign != " "]
    at = dice.choice(places)
    how = dice.randrange(4)
    if how == 0:
        return word[:at] + dice.choice(_LETTERS.replace(word[at], "")) + word[at + 1 :]
    if how == 1:
        return word[:at] + word[at + 1 :]
    if how == 2:
        return word[: at + 1] + word[at:]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def queries(folder: Path, tags: int, seed: int = _SEED) -> Iterator[tuple[str, str, str]]:
    """The ways to ask for each of so many tags: the name of the way, what is typed, and the tag."""
    dice = random.Random(seed)
    said = sounds(folder)
    first: dict[str, str] = {}
    for key, entry in searched():
        if CHINESE.search(key):
            first.setdefault(entry.tag, key)
    for tag in dice.sample(sorted(first), min(tags, len(first))):
        key = first[tag]
        name, (syllables, initials) = tag.lower(), said.get(key, ("", ""))
        if len(name) > 3 and name.isascii():
            yield "English", name, tag
            yield "English, a slip", slipped(name, dice), tag
            yield "English, its beginning", name[: max(3, round(0.7 * len(name)))], tag
        if len(syllables) > 3 and syllables.isascii():
            yield "pinyin", syllables, tag
            yield "pinyin, a slip", slipped(syllables, dice), tag
        if len(initials) > 1:
            yield f"initials of {min(len(initials), 4)}{' and more' if len(initials) > 3 else ''}", initials, tag
        if len(key) > 1:
            yield "Chinese", key, tag
            yield "Chinese, its beginning", key[: max(1, (2 * len(key) + 2) // 3)], tag
        if len(key) > 2:
            yield "Chinese, its middle", key[1:], tag


def measured(index: Index, folder: Path, tags: int, *, timed: bool = True) -> Mapping[str, Found]:
    """How often each way of asking finds what was meant."""
    ways: dict[str, Found] = {}
    for way, typed, tag in queries(folder, tags):
        row = ways.setdefault(way, Found())
        suggested = index.find(typed)
        if timed:  # the better of two, as a busy machine's clock jumps
            row.took.append(min(_milliseconds(lambda asked=typed: index.find(asked)) for _ in range(2)))
        row.asked += 1
        row.found += tag in [one.tag for one in suggested[:_FIRST]]
    return ways


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def main() -> None:
    tags = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Index(folder).find("mao")  # the pinyin is written, the glossary read
        tracemalloc.start()
        index = Index(folder)
        index.find("mao")
        memory = tracemalloc.get_traced_memory()[0] / 2**20
        tracemalloc.stop()
        ways = measured(index, folder, tags)
    for way, row in ways.items():
        print(
            f"{way:24} {row.asked:5}  in the first five {100 * row.share:5.1f} %   "
            f"median {statistics.median(row.took):5.2f} ms  worst {max(row.took):6.2f} ms"
        )
    took = [each for row in ways.values() for each in row.took]
    print(f"all: median {statistics.median(took):.2f} ms, worst {max(took):.2f} ms; memory {memory:.1f} MiB")


if __name__ == "__main__":
    main()
