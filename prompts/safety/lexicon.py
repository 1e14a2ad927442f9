"""The words of prompts/data/safety, by what they say and by language, ready to be looked for in a folded text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

import yaml

from prompts.safety.han import RUN, cut, holds
from prompts.safety.writing import folded, plain
from prompts.translate.glossary import entries

FOLDER = Path(__file__).parent.parent / "data" / "safety"
_LETTER = r"[^\W\d_\u0e00-\u0e7f\u3000-\U0003ffff]"  # of scripts that put spaces between words
_KANA = "ァ-ヺー"
_PARTICLES = (
    "가|이|는|은|를|을|의|에게|와|과|도|만|로|으로|처럼|인|한|하고|랑|이랑|에|에서|님|들|들이|들은|들을|들의|들과|이다|"
)
SAID = ("never", "infant", "child", "teen", "youth", "adult", "anatomy", "suggestive", "swimwear", "bathing")
LONG = 4  # letters of a word that is found in names in which nothing stands between words


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One file: its categories with their words, folded; `exact` where accents tell words apart."""

    name: str
    words: Mapping[str, tuple[str, ...]]
    exact: bool


@cache
def languages() -> tuple[Language, ...]:
    """Every language there is a file of."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        lists = cast(Mapping[str, str], yaml.safe_load(path.read_text("utf-8")))
        words = {name: tuple(filter(None, map(_word, text.split(",")))) for name, text in lists.items()}
        found.append(Language(path.stem, words, "exact" in words))
    return tuple(found)


def _word(text: str) -> str:
    """A word of a list, folded like a text; its marks ("~" before, "*" around) stay."""
    text = text.strip()
    bare = text.strip("~*")
    return (
        ("~" if text.startswith("~") else "")
        + ("*" if text.startswith("*") else "")
        + folded(bare)
        + ("*" if text.endswith("*") else "")
    )


@cache
def of(category: str) -> tuple[str, ...]:
    """The words of a category in all languages."""
    return tuple(word for language in languages() for word in language.words.get(category, ()))


@cache
def han(category: str) -> frozenset[str]:
    """The words of a category that are found where Chinese is cut into words."""
    listed = {word for word in of(category) if RUN.fullmatch(word)}
    derived: set[str] = set()
    if category == "people":
        listed |= {key for key, entry in entries().items() if RUN.fullmatch(key) and entry.category == "person"}
    elif category in ("child", "infant", "suggestive", "swimwear"):  # what the glossary has more words for
        english = pattern(category)
        derived = {key for key, tag in _worn_and_people() if english.search(tag)}
    others = {"harmless", "teen"} if category == "child" else {"harmless"}
    return frozenset(listed | derived.difference(*map(of, others)))


@cache
def _worn_and_people() -> tuple[tuple[str, str], ...]:
    """The glossary's Chinese words for people and clothes, each with its tag, folded and without what is harmless."""
    return tuple(
        (key, harmless().sub(" ", folded(entry.tag)))
        for key, entry in entries().items()
        if entry.category in ("person", "clothing") and len(key) > 1 and RUN.fullmatch(key)
    )


@cache
def _all_han() -> frozenset[str]:
    return frozenset().union(*(han(name) for name in SAID))


@cache
def _harmless_han() -> frozenset[str]:
    return frozenset(word for word in of("harmless") if RUN.fullmatch(word))


@cache
def pattern(category: str) -> re.Pattern[str]:
    """What finds the words of a category in any text, but those in Chinese signs alone."""
    return _pattern(word for word in of(category) if not word.startswith("~"))


@cache
def _own_pattern(category: str, language: Language) -> re.Pattern[str]:
    """What finds the words of a category in a text of that language, without accents."""
    own = (word for word in language.words.get(category, ()) if word[0] == "~" or not word.isascii())
    words = [plain(word.lstrip("~")) for word in own]
    return _pattern(words)


@cache
def harmless() -> re.Pattern[str]:
    """What is taken out of a text before anything is looked for."""
    return pattern("harmless")


@cache
def _marks(language: Language) -> re.Pattern[str]:
    return _pattern(language.words.get("marks", ()))


@lru_cache(16)
def spoken(text: str) -> tuple[Language, ...]:
    """The languages that a folded text may be in, by the small words of each."""
    return tuple(one for one in languages() if "marks" in one.words and _marks(one).search(text))


def says(category: str, text: str, *, doubtful: bool = False) -> bool:
    """Whether a folded text has a word of the category; `doubtful`: where Chinese can be cut in two ways, too."""
    return _written(category, text) or says_han(category, text, doubtful=doubtful)


@lru_cache(64)  # one text is asked about every category, and again for what is doubtful
def _written(category: str, text: str) -> bool:
    """Whether a folded text has a word of the category that is found without cutting Chinese into words."""
    if pattern(category).search(text):
        return True
    own = [one for one in spoken(text) if not one.exact]
    flat = plain(text) if own else ""
    return any(_own_pattern(category, one).search(flat) for one in own)


_APART = (*SAID, "people", "years", "clothes", "garment", "intimate", "deny")
_RUN_TOGETHER = re.compile(r"(?<![^\W_])(?=\w*[a-z])[a-z0-9]{7,40}(?![^\W_])")


@cache
def _parts() -> tuple[re.Pattern[str], re.Pattern[str]]:
    english = next(one for one in languages() if one.name == "en")
    phrases = (word.strip("~*") for name in _APART for word in english.words.get(name, ()))
    words = {word for phrase in phrases for word in phrase.split()}
    plain_words = (word for word in words if word.isascii() and word.isalpha() and len(word) > 1)
    either = "|".join(sorted(plain_words, key=len, reverse=True))
    either = rf"\d{{1,2}}(?=year|yr|yo)|{either}"
    return re.compile(f"(?:{either})+"), re.compile(either)


def apart(text: str) -> str:
    """The text with words of the lists parted that run together: "nakedchild"."""
    whole, word = _parts()
    return _RUN_TOGETHER.sub(lambda run: " ".join(word.findall(run[0])) if whole.fullmatch(run[0]) else run[0], text)


@cache
def _bare_by_name() -> re.Pattern[str]:
    denials = re.compile(
        r"(?:no|not|without|nothing|free|sin|sans|ohne|senza|sem|zonder|без|bez|nic) | free$|[无不没未]"
    )
    words = sorted(
        {word.strip("~*") for word in of("adult") if denials.search(word.strip("~*"))}, key=len, reverse=True
    )
    return re.compile("|".join(map(re.escape, words)))


def bare_by_name(text: str) -> bool:
    """Whether a text has a word for nakedness that is a denial itself: "wearing nothing", 一丝不挂."""
    return _bare_by_name().search(text) is not None


@cache
def _longest() -> int:
    """Signs of the longest Chinese word that is looked for."""
    words = (word for language in languages() for listed in language.words.values() for word in listed)
    return max(len(word) for word in (*words, *entries()) if RUN.fullmatch(word))


@lru_cache(4)
def _parts_of_runs(text: str) -> frozenset[str]:
    """Whatever in the Chinese of a text may be a word: each list of hundreds is compared with it at once."""
    return frozenset(
        run[start:end]
        for run in RUN.findall(text)
        for start in range(len(run))
        for end in range(start + 1, min(len(run), start + _longest()) + 1)
    )


def says_han(category: str, text: str, *, doubtful: bool) -> bool:
    """Whether a folded text has a Chinese word of the category, where it is cut into words."""
    listed = han(category)
    if listed.isdisjoint(_parts_of_runs(text)):
        return False
    return any(
        holds(word, listed, _harmless_han())
        for run in RUN.findall(text)
        if any(one in run for one in listed)
        for word in cut(run, _all_han(), _harmless_han(), doubtful=doubtful)
    )


@cache
def together(category: str) -> re.Pattern[str]:
    """What finds the longer words of a category inside names, where nothing stands between words."""
    words = {word.strip("~*") for word in of(category)}
    long = sorted(word for word in words if word.isascii() and word.isalpha() and len(word) >= LONG)
    return re.compile("|".join(long) or "(?!)")


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    kinds: dict[str, list[str]] = {"letters": [], "kana": [], "hangul": [], "rest": []}
    for word in sorted(set(words), key=len, reverse=True):
        bare = word.strip("*")
        if not bare or RUN.fullmatch(bare):
            continue
        begin, end = word.startswith("*"), word.endswith("*")
        text = re.escape(bare)
        if re.fullmatch(f"[{_KANA}]+", bare):
            kinds["kana"].append(text)
        elif re.search("[가-힣]", bare):
            kinds["rest" if begin else "hangul"].append(text + ("[가-힣]*" if end else ""))
        elif re.search(_LETTER, bare[0]) and not re.search("[\u0900-\u0e7f\u3000-\U0003ffff]", bare):
            kinds["letters"].append(text + (r"\w*" if end else "(?!\\d)" if bare[-1].isdigit() else ""))
        else:
            kinds["rest"].append(text)
    either = {name: "|".join(found) for name, found in kinds.items() if found}
    forms = {
        "letters": rf"(?<!{_LETTER})(?:{{}})(?!{_LETTER})",
        "kana": f"(?<![{_KANA}])(?:{{}})(?![{_KANA}])",
        "hangul": f"(?<![가-힣])(?:{{}})(?:{_PARTICLES})(?![가-힣])",
        "rest": "{}",
    }
    return re.compile("|".join(forms[name].replace("{}", words) for name, words in either.items()) or "(?!)")
