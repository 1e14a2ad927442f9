"""How many tokens a prompt takes: CLIP's own byte-pair vocabulary in half a megabyte, and the 75-token chunks.

Source: Radford et al. 2021, the CLIP tokenizer; `prompts/data/clip-merges.xz` holds its 48,894 merges in their order,
each as the two token numbers that it joins. `python -m prompts.clip_tokens TOKENIZER_JSON` writes that file anew.
"""

from __future__ import annotations

import bisect
import heapq
import json
import lzma
import re
import sys
import unicodedata
from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from prompts import grammar
from prompts.grammar.embeddings import without_suffixes

LENGTH = 75  # tokens of a chunk, without the two that open and close it
_STEPS = 20  # for which schedules are read: enough to meet each of their forms
BACKTRACK = (
    20  # as in engine/worker/prompt_encoding.py: a comma among so many last tokens of a full chunk ends it there
)

_FILE = Path(__file__).parent / "data" / "clip-merges.xz"
_BYTES = [*range(33, 127), *range(161, 173), *range(174, 256)]  # a printable byte stands for itself, the others follow
_NUMBER = {byte: index for index, byte in enumerate([*_BYTES, *(b for b in range(256) if b not in set(_BYTES))])}
_END = 256  # what is added to the number of a word's last byte
_MERGED = 512  # number of the first merge's token
COMMA = _NUMBER[ord(",")] + _END

# Letters, one digit, or a run of other signs. \w counts some numbers (², Ⅷ) as letters: those are cut out afterwards;
# \s counts the four separators \x1c-\x1f as white space, which CLIP's tokenizer does not.
_WORD = re.compile(r"<\|(?:startoftext|endoftext)\|>|'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|[_\x1c-\x1f])+")
_SPECIAL = re.compile(r"<\|(?:startoftext|endoftext)\|>")
_SPECIALS = {"<|startoftext|>": _MERGED + 48894, "<|endoftext|>": _MERGED + 48895}


@dataclass(frozen=True, slots=True)
class _Merges:
    """The merges by the pair they join, sorted: `pairs` (left << 16 | right) and the rank of each."""

    pairs: array[int]
    ranks: array[int]

    def rank(self, left: int, right: int) -> int:
        """When these two are joined; -1 for never."""
        pair = left << 16 | right
        at = bisect.bisect_left(self.pairs, pair)
        return self.ranks[at] if at < len(self.pairs) and self.pairs[at] == pair else -1


@cache
def _merges() -> _Merges:
    joined = array("H")
    joined.frombytes(lzma.decompress(_FILE.read_bytes()))
    if sys.byteorder == "big":
        joined.byteswap()
    whole = [left << 16 | right for left, right in zip(joined[::2], joined[1::2], strict=True)]
    order = sorted(range(len(whole)), key=whole.__getitem__)
    return _Merges(array("L", (whole[at] for at in order)), array("H", order))


@lru_cache(8192)
def _word(word: str) -> tuple[int, ...]:
    """The tokens of one word: the earliest merges first, of equal ones the leftmost."""
    merges = _merges()
    tokens = [_NUMBER[byte] for byte in word.encode("utf-8", "replace")]
    tokens[-1] += _END
    following = [*range(1, len(tokens)), -1]
    before = [*range(-1, len(tokens) - 1)]
    waiting = [
        (rank, at, tokens[at], tokens[at + 1])
        for at in range(len(tokens) - 1)
        if (rank := merges.rank(tokens[at], tokens[at + 1])) >= 0
    ]
    heapq.heapify(waiting)
    while waiting:
        rank, at, left, right = heapq.heappop(waiting)
        behind = following[at]
        if tokens[at] != left or behind < 0 or tokens[behind] != right:
            continue  # one of the two has been joined to another meanwhile
        tokens[at] = _MERGED + rank
        tokens[behind] = -1
        following[at] = following[behind]
        if following[at] >= 0:
            before[following[at]] = at
        for start in (before[at], at):
            if start >= 0 and following[start] >= 0:
                pair = tokens[start], tokens[following[start]]
                if (joined := merges.rank(*pair)) >= 0:
                    heapq.heappush(waiting, (joined, start, *pair))
    return tuple(token for token in tokens if token >= 0)


def tokens(text: str) -> list[int]:
    """The token numbers of a text, as the CLIP tokenizer gives them, without its opening and closing tokens."""
    found: list[int] = []
    position = 0
    for special in _SPECIAL.finditer(text):
        found += _plain(text[position : special.start()])
        found.append(_SPECIALS[special.group()])
        position = special.end()
    return found + _plain(text[position:])


def _plain(text: str) -> list[int]:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
        lower = "".join(sign.lower() for sign in text)  # sign by sign: a final sigma stays one
        words = [part for word in _WORD.findall(lower) for part in _without_numbers(word)]
    else:
        words = _WORD.findall(text.lower())
    return [token for word in words for part in _parts(word) for token in _word(part)]


def _parts(word: str) -> Sequence[str]:
    """A "<|STARTOFTEXT|>" that small letters have made is no special sign, but three words."""
    return (word[:2], word[2:-2], word[-2:]) if word.startswith("<|") and _SPECIAL.fullmatch(word) else (word,)


def _without_numbers(word: str) -> list[str]:
    """A run of letters cut around the numbers among them that are no digits."""
    if word.isascii() or not any(unicodedata.category(sign)[0] == "N" for sign in word):
        return [word]
    parts: list[str] = []
    fresh = True
    for sign in word:
        number = unicodedata.category(sign)[0] == "N"
        if fresh or number:
            parts.append(sign)
        else:
            parts[-1] += sign
        fresh = number
    return parts


def is_one_token(word: str) -> bool:
    """Whether this is a whole word of the vocabulary: what CLIP has seen often is a word and no slip of the pen."""
    return len(tokens(word)) == 1


# ── chunks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

_Owned = tuple[int, int]  # a token and whose it is
_BREAK, _EMBEDDING = -1, -2
_NONE: Mapping[str, int] = MappingProxyType({})


def pieces(text: str, names: Collection[str]) -> list[tuple[str, bool]]:
    """The text cut around the names of embeddings (in small letters) that stand in it as whole words, however they
    are written; True beside a name, which then is in small letters."""
    if not names:
        return [(text, False)]
    longest = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    text = without_suffixes(text)
    parts = re.split(rf"(?<![\w-])(?:embedding:)?({longest})(?![\w-])", text, flags=re.IGNORECASE)
    cut = ((part.casefold() if at % 2 else part, at % 2 == 1) for at, part in enumerate(parts))
    return [(part, named) for part, named in cut if part]


def meter(text: str, length: int = LENGTH, embeddings: Mapping[str, int] = _NONE) -> tuple[int, ...]:
    """How many tokens stand in each chunk of a prompt in A1111 syntax; at least one chunk, which may be empty.

    `embeddings` says how many each takes, by its name in small letters. Of a prompt with AND or schedules, the counts
    are those of its longest conditioning.
    """
    text = text.encode("utf-8", "replace").decode()
    said = [text]
    if "AND" in text or "[" in text:
        said = [words for part, _ in grammar.multicond(text) for _, words in grammar.schedule(part, _STEPS)]
    counts = (
        tuple(map(len, _chunks(((token, 0) for token in _tokens(one, embeddings)), length)))
        for one in dict.fromkeys(said)
    )
    return max(counts, key=lambda chunks: (len(chunks), sum(chunks)), default=(0,))


def cut(pieces: Sequence[str], length: int = LENGTH, embeddings: Mapping[str, int] = _NONE) -> int | None:
    """Which of a prompt's pieces (to be joined by commas) the end of a chunk cuts in two; None where it cuts none."""
    owned = [(token, owner) for owner, piece in enumerate(pieces) for token in _with_comma(piece, embeddings)]
    chunks = _chunks(owned, length)
    for left, right in pairwise(chunks):
        if left and right and left[-1][1] == right[0][1] and left[-1][0] != COMMA and right[0][0] != COMMA:
            return left[-1][1]
    return None


def _with_comma(piece: str, embeddings: Mapping[str, int]) -> list[int]:
    found = _tokens(piece, embeddings)
    return found if found == [_BREAK] else [*found, COMMA]


def _tokens(text: str, embeddings: Mapping[str, int] = _NONE) -> list[int]:
    """The tokens of a prompt without its syntax; -1 for a BREAK, -2 minus its length where an embedding begins."""
    found: list[int] = []
    for words, weight in grammar.attention(text.encode("utf-8", "replace").decode()):
        if words == grammar.BREAK and weight == -1:
            found.append(_BREAK)
        else:
            for piece, named in pieces(words, embeddings):
                found += [_EMBEDDING - embeddings[piece]] if named else tokens(piece)
    return found


def _chunks(owned: Iterable[_Owned], length: int) -> list[list[_Owned]]:
    """The tokens in chunks by the rules of engine/worker/prompt_encoding.py: a BREAK ends one, a comma near its end
    moves the tail."""
    done: list[list[_Owned]] = []
    chunk: list[_Owned] = []
    for token in owned:
        if token[0] == _BREAK:
            done.append(chunk)
            chunk = []
            continue
        if token[0] <= _EMBEDDING:
            vectors = _EMBEDDING - token[0]
            if len(chunk) + vectors > length:
                done.append(chunk)
                chunk = []
            chunk += [(_EMBEDDING, token[1])] * vectors
            continue
        if len(chunk) == length:
            rest: list[_Owned] = []
            if token[0] != COMMA:
                for back in range(min(BACKTRACK, length)):
                    if chunk[length - back - 1][0] == COMMA:
                        chunk, rest = chunk[: length - back], chunk[length - back :]
                        break
            done.append(chunk)
            chunk = rest
        chunk.append(token)
    return [*done, chunk] if chunk or not done else done


def compact(tokenizer: Path) -> bytes:
    """The merges of a Hugging Face `tokenizer.json` as this module keeps them."""
    model = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]
    numbers = array("H", (model["vocab"][side] for pair in model["merges"] for side in pair))
    if sys.byteorder == "big":
        numbers.byteswap()
    return lzma.compress(numbers.tobytes(), preset=9 | lzma.PRESET_EXTREME)


if __name__ == "__main__":
    _FILE.write_bytes(compact(Path(sys.argv[1])))
