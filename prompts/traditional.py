"""The languages people read here, and simplified Chinese as people in Taiwan and Hong Kong write and say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import cast

import opencc
import yaml

TERMS = Path(__file__).parent / "data" / "traditional.yaml"
SCRIPTS = {"zh-TW": ("s2twp", "tw"), "zh-HK": ("s2hk", "hk")}  # OpenCC's table and ours
QUOTES = str.maketrans("“”‘’", "「」『』")
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PRIVATE = 0xE000  # the first sign that no language uses: it keeps the place of a word that is settled already


def chinese(language: str) -> bool:
    """Whether this is Chinese, in either script."""
    return language == "zh" or language in SCRIPTS


def called(zh: str, en: str, language: str) -> str:
    """A name that there is in simplified Chinese and in English, in this language."""
    return written(zh, language) if chinese(language) else en


@cache
def written(simplified: str, language: str) -> str:
    """A text in simplified Chinese as people who read this language write it; as it is for other languages."""
    return _converter(language)(simplified) if language in SCRIPTS else simplified


def all_written(simplified: Mapping[str, str], language: str) -> dict[str, str]:
    """Many texts at once: five times as fast as one by one."""
    if language not in SCRIPTS:
        return dict(simplified)
    texts = _converter(language)("\n\n\n".join(simplified.values())).split("\n\n\n")
    return dict(zip(simplified, texts, strict=True))


@cache
def _converter(language: str) -> Callable[[str], str]:
    table, ours = SCRIPTS[language]
    kept = cast(Mapping[str, Mapping[str, str]], yaml.load(TERMS.read_text("utf-8"), LOADER))
    terms = {**kept["both"], **kept[ours]}
    places = {word: chr(PRIVATE + number) for number, word in enumerate(terms)}
    words = {place: terms[word] for word, place in places.items()}
    find = re.compile("|".join(sorted(map(re.escape, terms), key=len, reverse=True)))
    fill = re.compile(f"[{chr(PRIVATE)}-{chr(PRIVATE + len(terms))}]")
    convert = opencc.OpenCC(table).convert
    signs = str.maketrans(dict(kept[f"signs_{ours}"])) | QUOTES

    def conversion(text: str) -> str:
        settled = find.sub(lambda found: places[found[0]], text)
        return fill.sub(lambda found: words.get(found[0], found[0]), convert(settled).translate(signs))

    return conversion
