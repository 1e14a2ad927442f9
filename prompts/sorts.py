"""What English nouns are kinds of: a husky is a dog and an animal, a gown a dress, a bike a bicycle.

Source: WordNet 3.0 (Princeton University; its licence lies beside the data). `prompts/data/nouns.xz` holds what a
picture can show of it, a line a meaning: the lines of what it is a kind of, a tab, and the words for it, each with its
place among the meanings of that word; `adjectives.xz` the words that only tell how something is.
`python -m prompts.sorts DICT_FOLDER` writes both anew from WordNet's own files.
"""

from __future__ import annotations

import lzma
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "nouns.xz"
_ADJECTIVES = _FILE.with_name("adjectives.xz")
_USUAL = 4  # meanings of a word that somebody who asks for a picture may have in mind: the commonest
# Of a word with several meanings, the first of them that lies under one of these tells what it names.
_KINDS = {
    "clothing": "clothing", "footwear": "clothing", "headdress": "clothing", "jewelry": "clothing",
    "garment": "clothing", "vehicle": "vehicle",
    "building": "building", "structure": "building", "food": "food", "beverage": "food",
    "edible fruit": "food", "plant": "plant", "flower": "plant", "animal": "animal", "person": "person",
    "mythical being": "myth", "body part": "body", "geological formation": "nature", "body of water": "nature",
    "weather": "weather", "room": "place", "location": "place", "artifact": "object", "natural object": "object",
}  # fmt: skip


# What WordNet has under no such word, or under another: what people mean all the same.
_MORE: Mapping[str, frozenset[str]] = {
    general: frozenset(sorts.split(", "))
    for general, sorts in {
        "dog": "alaskan malamute, bichon frise, border collie, chihuahua, doberman, french bulldog, german shepherd, "
        "labrador, labrador retriever, pomeranian, samoyed, shiba, shiba inu, siberian husky",
        "cat": "british shorthair, calico, kitten, maine coon, orange cat, persian, ragdoll, siamese, sphynx",
        "bird": "crane, swallow",
        "fish": "betta, clownfish, koi",
        "horse": "donkey, foal, pegasus, unicorn, zebra",
        "rabbit": "hare",
        "tourist": "crowd, passerby, pedestrian, people",
        "pedestrian": "crowd, people, tourist",
        "passerby": "crowd, pedestrian, people, tourist",
        "people": "crowd, passerby, pedestrian, tourist",
        "person": "commuter, crowd, customer, onlooker, passerby, pedestrian, shopper, spectator, tourist, visitor",
        "flower": "cherry blossoms, dandelion, hydrangea, lavender, lily, lotus, plum blossom, rose, tulip",
        "tree": "bamboo, palm",
        "car": "pickup truck, suv, truck, van",
        "smile": "grin, grinning, laughing, smiling",
        "hat": "baseball cap, beanie, beret, bowler, cap",
        "plane": "aircraft",
        "sweatshirt": "hoodie",
        "cabinet": "cupboard",
        "kid": "boy, girl",
        "drink": "beer, cocktail, coffee, cola, juice, milk, milk tea, tea, wine",
        "fruit": "cherry, peach",
        "house": "hut, wooden cabin",
        "boat": "sailboat, ship, yacht",
        "shoes": "boots, heels, high heels, sandals, slippers, sneakers",
        "instrument": "cello, drum, flute, guitar, guzheng, piano, pipa, saxophone, trumpet, violin",
    }.items()
}
GENERAL = (*_MORE, "bike", "sofa", "dress", "lamp", "bag", "cup", "knife", "sword", "tower", "bridge")


@dataclass(frozen=True, slots=True)
class _Nouns:
    """All meanings: what each is a kind of, the words for each, and the meanings of each word with their places among
    all that it has, the commonest first."""

    above: tuple[tuple[int, ...], ...]
    words: tuple[tuple[str, ...], ...]
    meanings: Mapping[str, tuple[tuple[int, int], ...]]


@cache
def _nouns() -> _Nouns:
    above, words = [], []
    ranked: dict[str, list[tuple[int, int]]] = {}
    for at, line in enumerate(lzma.decompress(_FILE.read_bytes()).decode().split("\n")):
        parents, _, names = line.partition("\t")
        above.append(tuple(map(int, parents.split())))
        named = [name.partition(":") for name in names.split(",")]
        words.append(tuple(word for word, _, _ in named))
        for word, _, rank in named:
            ranked.setdefault(word, []).append((int(rank or 0), at))
    return _Nouns(tuple(above), tuple(words), {word: tuple(sorted(found)) for word, found in ranked.items()})


def _meanings(word: str, usual: int = _USUAL) -> tuple[tuple[int, int], ...]:
    return tuple(one for one in _nouns().meanings.get(word, ()) if one[0] < usual)


def _with_all_above(meaning: int) -> list[int]:
    """A meaning and everything that it is a kind of, the nearest first."""
    above, found = _nouns().above, [meaning]
    for each in found:
        found += [one for one in above[each] if one not in found]
    return found


def is_noun(word: str) -> bool:
    """Whether a word, in the singular and lower case, names something that a picture can show."""
    return word in _nouns().meanings


@cache
def _adjectives() -> frozenset[str]:
    return frozenset(lzma.decompress(_ADJECTIVES.read_bytes()).decode().split("\n"))


def is_adjective(word: str) -> bool:
    """Whether a word, in lower case, tells how something is and names nothing that a picture can show: "glittery"."""
    return (word in _adjectives() and not is_noun(word)) or _COMPOUND.fullmatch(word) is not None


_COMPOUND = re.compile(r"[a-z]+-(?:shaped|sized|colou?red|themed|patterned|haired|eyed)")


@lru_cache(maxsize=4096)
def is_a(word: str, general: str) -> bool:
    """Whether one noun names a kind of what the other names, or the same: "gown" and "dress". Singular, lower case."""
    if word in _MORE.get(general, ()):
        return True
    wanted = {meaning for _, meaning in _meanings(general, 2)}  # a bus is no car, though an old one may be called so
    return any(not wanted.isdisjoint(_with_all_above(meaning)) for _, meaning in _meanings(word, 2))


@lru_cache(maxsize=4096)
def kind_of(word: str) -> str:
    """What a noun names, as the glossary sorts things: "animal", "food", "clothing" …; "object" for other things,
    empty for what is no noun."""
    words = _nouns().words
    for rank, meaning in _meanings(word):
        names = (name for above in _with_all_above(meaning) for name in words[above])
        kind = next((_KINDS[name] for name in names if name in _KINDS), "")
        if kind and not (rank and kind in ("person", "body")):  # a mug is a fool, too
            return kind
    return ""


def synonyms(word: str) -> tuple[str, ...]:
    """The other words for what a noun names by its commonest meaning. Singular, lower case."""
    found = (name for _, meaning in _meanings(word, 1) for name in _nouns().words[meaning])
    return tuple(dict.fromkeys(name for name in found if name != word))


def siblings(word: str) -> tuple[str, ...]:
    """What is directly a kind of the same thing as what a noun names by its commonest meaning: "clock tower" of
    "lighthouse". Singular, lower case."""
    above = {parent for _, meaning in _meanings(word, 1) for parent in _nouns().above[meaning]}
    nouns = _nouns()
    found = (
        name for at, parents in enumerate(nouns.above) if not above.isdisjoint(parents) for name in nouns.words[at]
    )
    return tuple(dict.fromkeys(name for name in found if name != word))


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# Of WordNet's files of nouns those of animals, things, bodies, food, places, natural objects, people, weather, plants.
_SHOWN = frozenset((5, 6, 8, 13, 15, 17, 18, 19, 20))


@dataclass(frozen=True, slots=True)
class _Meaning:
    file: int
    words: tuple[str, ...]
    above: tuple[str, ...]
    proper: bool


def _read(line: str) -> tuple[str, _Meaning]:
    """A line of WordNet's data.noun: its number, and what it says."""
    fields = line.split("|")[0].split()
    behind = 4 + 2 * int(fields[3], 16)
    pointers = [fields[at : at + 4] for at in range(behind + 1, behind + 1 + 4 * int(fields[behind]), 4)]
    words = tuple(word.replace("_", " ") for word in fields[4:behind:2])
    above = tuple(one[1] for one in pointers if one[0] == "@")
    return fields[0], _Meaning(int(fields[1]), words, above, any(one[0] == "@i" for one in pointers))


def _is_plain(word: str) -> bool:
    return word == word.lower() and word.count(" ") < 3 and word.replace(" ", "").replace("-", "").isalpha()


def _write(folder: Path) -> None:
    """Write the data files from WordNet's data.noun, index.noun and index.adj."""
    adjectives = (line.split(" ")[0] for line in (folder / "index.adj").read_text().splitlines())
    plain = sorted(word for word in adjectives if word.isalpha() and word == word.lower() and len(word) > 2)
    _ADJECTIVES.write_bytes(lzma.compress("\n".join(plain).encode(), preset=9 | lzma.PRESET_EXTREME))
    lines = (line for line in (folder / "data.noun").read_text().splitlines() if not line.startswith("  "))
    meanings = dict(map(_read, lines))
    ranks: dict[str, list[str]] = {}
    for line in (folder / "index.noun").read_text().splitlines():
        if not line.startswith("  "):
            word, *fields = line.split()
            ranks[word.replace("_", " ")] = fields[int(fields[2]) + 5 :]
    kept = [number for number, one in meanings.items() if one.file in _SHOWN and not one.proper]
    shown = set(kept)
    for number in kept:
        kept += [above for above in meanings[number].above if above not in kept]
    numbers = sorted(set(kept))
    at = {number: index for index, number in enumerate(numbers)}
    made = []
    for number in numbers:
        names = [word for word in meanings[number].words if number in shown and _is_plain(word)]
        ranked = [f"{word}:{ranks[word].index(number)}" if len(ranks[word]) > 1 else word for word in names]
        above = " ".join(str(at[one]) for one in meanings[number].above)
        made.append(f"{above}\t{','.join(ranked) or meanings[number].words[0].lower() + ':99'}")
    _FILE.write_bytes(lzma.compress("\n".join(made).encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
