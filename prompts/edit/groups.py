"""The things that an English sentence names, each with the words that tell of it, and what somebody is doing there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from prompts.edit.rivals import kind_of
from prompts.edit.word_lists import grouped, listed
from prompts.edit.words import PEOPLE, is_medium, singular
from prompts.sorts import is_adjective
from prompts.tags import entry_of

_READ = 256  # texts of which it is remembered what they name
_WORD = re.compile(r"[A-Za-z0-9][\w'’-]*")
_HIDDEN = re.compile(r"<[^<>]*>|__\S+?__|\s(?:--|—)[A-Za-z].*", re.DOTALL)  # networks, wildcards and options


@dataclass(frozen=True, slots=True)
class NounGroup:
    """A thing that a text names: where its words stand there, its article or number, what is told of it, and its
    name, of one word or several ("sports car"). `led`: the word before it. `of`: where the words about what it is
    full or made of end ("a bowl of oranges"), else where it ends itself."""

    start: int
    end: int
    lead: tuple[str, ...]
    told: tuple[str, ...]
    name: tuple[str, ...]
    led: str
    of: int

    @property
    def head(self) -> str:
        """Its noun, of one thing."""
        noun = singular(self.name[-1])
        return singular(PEOPLE.get(noun, noun))

    @property
    def plural(self) -> bool:
        """Whether it is several things."""
        return singular(self.name[-1]) != self.name[-1]


@dataclass(frozen=True, slots=True)
class Doing:
    """What somebody does in a text: where that stands, the verb, and where the words that only it needs end."""

    start: int
    end: int
    verb: str


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int
    led: bool  # nothing but blanks between it and the word before


def _tokens(text: str) -> list[_Token]:
    plain = _HIDDEN.sub(lambda found: " " * len(found.group()), text)
    found: list[_Token] = []
    for match in _WORD.finditer(plain):
        led = bool(found) and not plain[found[-1].end : match.start()].strip()
        found.append(_Token(match.group().lower(), match.start(), match.end(), led))
    return found


def _is_doing(tokens: list[_Token], at: int) -> bool:
    """Whether a word is a verb there: "holding an umbrella", not "a burning village"."""
    word = tokens[at].word
    following = tokens[at + 1] if at + 1 < len(tokens) and tokens[at + 1].led else None
    if word in ("building", "lighting", "painting", "drawing") and at and following:
        before = tokens[at - 1].word
        somebody = kind_of(before) == "person" or before in listed("made being") | {
            "kid"
        }  # "a priest lighting candles"
        return somebody or following.word in listed("determiner")
    if word in _DONE_TO and at and following and following.word in listed("determiner"):
        return True  # "a train crossing a snowfield"
    if not word.endswith("ing") or len(word) < 5 or word in listed("thing in -ing"):
        return False
    if (
        following is None
        or following.word in listed("determiner")
        or following.word in listed("preposition") | listed("break") | {"still"}
    ):
        return True
    before = tokens[at - 1].word if at and tokens[at].led else ""
    if before in listed("determiner") or before in listed("preposition") or tells(before):
        return False
    return bool(before) or word in (
        "holding",
        "wearing",
        "riding",
        "eating",
        "drinking",
        "playing",
        "reading",
        "carrying",
    )


_DONE_TO = frozenset(("crossing", "carving", "opening", "clearing", "meeting", "filling"))


@lru_cache(maxsize=_READ)
def groups(text: str) -> tuple[NounGroup, ...]:
    """The things that a text names, in their order; what it denies is none of them."""
    tokens = _tokens(text)
    found: list[NounGroup] = []
    chunk: list[_Token] = []
    for at, token in enumerate(tokens):
        breaks = token.word in listed("preposition") or token.word in listed("break") or _is_doing(tokens, at)
        if token.word == "underwater" and not chunk and at + 1 < len(tokens) and tokens[at + 1].led:
            breaks = False  # "underwater village"
        starts = token.word in listed("determiner") and chunk and chunk[-1].word not in listed("determiner")
        if chunk and (breaks or starts or not token.led):
            found += _group(chunk, _before(tokens, chunk[0]))
            chunk = []
        if not breaks:
            chunk.append(token)
    found += _group(chunk, _before(tokens, chunk[0])) if chunk else ()
    return tuple(_filled(text, found))


def _before(tokens: list[_Token], first: _Token) -> str:
    at = tokens.index(first)
    return tokens[at - 1].word if at and first.led else ""


def _group(chunk: list[_Token], led: str) -> Iterator[NounGroup]:
    while len(chunk) > 1 and (_is_done(chunk[-1].word) or _is_adverb(chunk[-1].word)):
        chunk = chunk[:-1]
    size = next((at for at, token in enumerate(chunk) if not _counts(token.word)), len(chunk))
    words = [token.word for token in chunk[size:]]
    if not words or led in ("no", "without", "not") or chunk[0].word == "no":
        return
    named = _name(words)
    lead = tuple(token.word for token in chunk[:size])
    yield NounGroup(
        chunk[0].start, chunk[-1].end, lead, tuple(words[: len(words) - named]), tuple(words[-named:]), led,
        chunk[-1].end,
    )  # fmt: skip


def _is_done(word: str) -> bool:
    """Whether a word behind a noun says how it is: "a balloon shaped like", "an owl perched on"."""
    return word in listed("done") or (re.fullmatch(r"[a-z]{3,}[^e]ed", word) is not None and not kind_of(word))


def _counts(word: str) -> bool:
    return word in listed("determiner") or word.isdecimal()


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and kind_of(word) not in ("animal", "plant", "person", "adjective")


def _name(words: list[str]) -> int:
    """How many of the last words are one name: two of "red sports car"."""
    if len(words) > 1 and kind_of(words[-2]) in _NOUNS and not tells(words[-2]):
        return 2
    for size in (3, 2):
        said = words[-size:]
        if tells(said[0]) and kind_of(said[0]) == "colour" and kind_of(" ".join(said)) != "animal":
            continue
        if (
            len(said) == size
            and entry_of(" ".join(said))
            and not (tells(said[0]) and _known(said[-1]))
            and not _scaled(said[0])
        ):
            return size
    return 1


def _known(noun: str) -> bool:
    return bool(kind_of(noun) or kind_of(singular(noun)) or noun in ("eyes", "skin", "lips"))


def tells(word: str) -> bool:
    """Whether a word only tells how a thing is: its colour, material, size, state."""
    return (
        kind_of(word) in ("colour", "material", "adjective", "nation")
        or word in listed("colour")
        or _scaled(word)
        or _STATE.fullmatch(word) is not None
        or word.endswith("-shaped")
        or (kind_of(word) in ("", "expression") and is_adjective(word))
    )


_NOUNS = ("animal", "food", "plant", "object", "clothing", "place", "building", "vehicle", "nature")


def _scaled(word: str) -> bool:
    return any(word in scale for scale in grouped("scale"))


_STATE = re.compile(
    r"(?!.*(?:king|ring|wing)$)\w{3,}(?:ing|(?<!b)ed|ish|less|ful)|polka|dots?|floral|plaid|print|"
    r"transparent|see-through|lace|(?:rust|dust|snow|rain|tin|shin|furr|mudd|sleep|scar|"
    r"blood|spik|fluff|cloud|fogg|mist|wind|storm|rock|leaf|hair|sunn|mess|cloud|pretty|ugl|happ|angr|grump|stripe?)y"
)


_VIEWS = frozenset(("art", "portrait", "picture", "image", "view", "shot", "close-up", "scene", "pair", "group"))


def is_view(thing: NounGroup) -> bool:
    """Whether it is how things are shown, and none of them: a portrait, pixel art."""
    return is_medium(" ".join(thing.name)) or kind_of(thing.name[-1]) == "style" or thing.name[-1] in _VIEWS


def _filled(text: str, found: list[NounGroup]) -> Iterator[NounGroup]:
    """The groups, each knowing where what it is full of ends: "a bowl of oranges and grapes"."""
    for at, one in enumerate(found):
        if is_view(one):
            yield one  # "pixel art of a knight": the knight is no part of it
            continue
        end, after = one.end, at + 1
        while after < len(found) and re.fullmatch(r"\s+(?:of|and)\s+", text[end : found[after].start].lower()):
            if " of " not in text[end : found[after].start].lower() and (end == one.end or found[after].lead):
                break  # "a glass of wine and a cheese board"
            end, after = found[after].end, after + 1
        yield one if end == one.end else NounGroup(one.start, one.end, one.lead, one.told, one.name, one.led, end)


@lru_cache(maxsize=_READ)
def doings(text: str) -> tuple[Doing, ...]:
    """What is done in a text, in its order."""
    tokens, things = _tokens(text), groups(text)
    found: list[Doing] = []
    for at, token in enumerate(tokens):
        sits = (at == 0 or token.led) and token.word in ("perched", "seated", "curled")
        if not sits and not _is_doing(tokens, at):
            continue
        end = token.end
        thing = next((one for one in things if one.start >= end), None)
        between = text[end : thing.start].split() if thing else ["."]
        with_ = between in (["with"], ["at"]) and token.word not in listed("posture")  # "playing with a ball"
        seat = between in (["on"], ["against"]) and token.word in listed("posture")
        if thing and (not between or with_ or (seat and (kind_of(thing.head) != "place" or sits))):
            end = thing.of
        found.append(Doing(token.start, end, token.word))
    return tuple(found)
