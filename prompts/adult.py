"""Whether a text is for adults only, by its words; what makes something sexual of children is never drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast

import yaml

from prompts import grammar
from prompts.prompt import Prompt

WORDS = Path(__file__).parent / "data" / "adult.yaml"
GROWN_UP = 18  # years
Verdict = Literal["", "adult", "never"]

_AGE = re.compile(r"\b(\d{1,2}) ?(?:years?|yrs?)? ?(?:old|yo|y/o)\b|\bage[d ]*(\d{1,2})\b|(?<!\d)(\d{1,2}) ?[岁歲]")
_CHINESE_AGE = re.compile(r"(?<![一二三四五六七八九十百])(十?[一二三四五六七八九]|十)[岁歲]")


def judge(prompt: Prompt) -> Verdict:
    """What a prompt asks to be seen: what it denies does not count, the names of its LoRAs do."""
    written = [text for one in prompt.fragments if one.origin != "preset" for text in (one.text, one.source)]
    said = [grammar.bare(grammar.normalise(text)) for text in written]
    return read(", ".join([*said, *(lora.name for lora in prompt.loras)]))


def read(text: str) -> Verdict:
    """ "adult" for words of nakedness and sex, "never" where they, or only suggestive ones, stand beside children."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = " ".join(re.sub(r"[_\-()\[\]{}:*\\]", " ", plain).split())
    words = _words()
    plain = words["harmless"].sub(" ", plain)
    if words["never"].search(plain):
        return "never"
    adult = words["adult"].search(plain) is not None
    if (adult or words["suggestive"].search(plain)) and (words["minor"].search(plain) or _young(plain)):
        return "never"
    return "adult" if adult else ""


def _young(text: str) -> bool:
    ages = (int(match.group(match.lastindex or 1)) for match in _AGE.finditer(text))
    return any(age < GROWN_UP for age in ages) or any(
        match.group(1) not in ("十八", "十九") for match in _CHINESE_AGE.finditer(text)
    )


@cache
def _words() -> Mapping[str, re.Pattern[str]]:
    lists = cast(Mapping[str, list[str]], yaml.safe_load(WORDS.read_text("utf-8")))
    return {name: _pattern(words) for name, words in lists.items()}


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    latin, signs = [], []
    for word in words:
        plain = " ".join(str(word).casefold().replace("-", " ").split())
        if plain.isascii():
            latin.append(re.escape(plain).replace(r"\*", r"\w*"))
        else:
            signs.append(re.escape(plain))
    return re.compile("|".join(filter(None, [rf"\b(?:{'|'.join(latin)})\b" if latin else "", *signs])))
