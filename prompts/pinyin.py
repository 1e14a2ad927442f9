"""How the glossary's Chinese is said: its pinyin without tones, and the initials, out of CC-CEDICT."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from prompts.translate.cache_file import keep
from prompts.translate.chinese import CHINESE
from prompts.translate.dictionary import source
from prompts.translate.glossary import entries

_FORM = 1  # of the pinyin file; a new form has a new file name
_ENTRY = re.compile(r"\S+ (\S+) \[([A-Za-z0-9: ]+)\] /")


def sounds(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Of every Chinese key of the glossary, its pinyin without tones and the initials, which are "" for a word of two
    signs that is seldom drawn: hundreds have the same. From the file in the folder, which is made first when it is
    missing."""
    path = source()
    if path is None:
        return {}
    keys = [key for key in entries() if CHINESE.search(key)]
    sign = zlib.crc32("\n".join(keys).encode())
    target = folder / f"pinyin-{_FORM}-{path.stat().st_size}-{sign:08x}.tsv"
    try:
        content = target.read_text(encoding="utf-8")
    except OSError:
        content = "\n".join(f"{key}\t{' '.join(said)}" for key, said in _read_aloud(keys, path))
        keep(target, content.encode(), "pinyin-*.tsv")
    found: dict[str, tuple[str, str]] = {}
    table = entries()
    for line in content.splitlines():
        key, _, said = line.partition("\t")
        syllables = said.split()
        initials = "".join(syllable if syllable.isdecimal() else syllable[0] for syllable in syllables)
        few = len(initials) < 3 and table[key].seldom
        found[key] = ("".join(syllables), "" if few else initials)
    return found


def spoken(text: str) -> str:
    """How a Chinese text is said, in one piece without tones: "xiaohong" for 小红; "" where CC-CEDICT is not installed.
    What is not Chinese stands as it is. It takes half a second: call it in a thread."""
    path = source()
    if path is None or not text:
        return ""
    [(_, said)] = _read_aloud([text], path)
    return "".join(said)


def _read_aloud(keys: Sequence[str], path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each key's syllables: of the longest words that CC-CEDICT knows, then of signs as they are mostly read."""
    wanted = {key[at:end] for key in keys for at in range(len(key)) for end in range(at + 2, min(at + 7, len(key) + 1))}
    words: dict[str, list[str]] = {}
    heard: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(path, mode="rt", encoding="utf-8") as lines:
        for line in lines:
            match = _ENTRY.match(line)
            if match is None:
                continue
            word, said = match.group(1), match.group(2).lower().replace("u:", "v").split()
            syllables = [syllable.rstrip("12345") for syllable in said]
            if len(syllables) != len(word) or match.group(2)[0].isupper():
                continue
            for character, syllable in zip(word, syllables, strict=True):
                heard[character][syllable] += 1
            if word in wanted:
                words.setdefault(word, syllables)
    usual = {character: readings.most_common(1)[0][0] for character, readings in heard.items()}
    for key in keys:
        found: list[str] = []
        at = 0
        while at < len(key):
            end = next((end for end in range(min(len(key), at + 6), at + 1, -1) if key[at:end] in words), at + 1)
            found += words.get(key[at:end]) or [usual.get(key[at], key[at] if key[at].isascii() else "")]
            at = end
        yield key, [syllable for syllable in found if syllable.strip()]
