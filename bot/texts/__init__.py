"""Every word a person reads, by key and language. `say("zh", "queue.full", limit=200)` is a sentence."""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Mapping
from pathlib import Path

import yaml

from prompts import traditional
from prompts.translate.chinese import readings

FOLDER = Path(__file__).parent
LANGUAGES = ("zh", "zh-TW", "zh-HK", "en")
NAMES = {"zh": "简体中文", "zh-TW": "繁體中文（台灣）", "zh-HK": "繁體中文（香港）", "en": "English"}  # each in itself
WRITTEN = {"zh-TW": "zh", "zh-HK": "zh"}  # languages whose sentences are made from another's file
CALLED = {
    **{code.casefold(): code for code in LANGUAGES},
    **{name.casefold(): code for code, name in NAMES.items()},
    **dict.fromkeys(("中文", "汉语", "简体", "简体中文", "chinese", "zh-cn", "zh-hans", "cn"), "zh"),
    **dict.fromkeys(("繁体", "繁体中文", "正体", "正体中文", "台湾", "繁体中文（台湾）", "tw", "zh-hant"), "zh-TW"),
    **dict.fromkeys(("香港", "港澳", "粤语", "繁体中文（香港）", "hk"), "zh-HK"),
    **dict.fromkeys(("英文", "英语", "english", "eng"), "en"),
}
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """All sentences of a language by key; those in traditional Chinese are made from the simplified ones, once."""
    found: dict[str, str] = yaml.load((FOLDER / f"{WRITTEN.get(language, language)}.yaml").read_text("utf-8"), Loader)
    return traditional.all_written(found, language)


def warm() -> None:
    """Make the sentences of every language before somebody waits for them; a fifth of a second."""
    for language in LANGUAGES:
        texts(language)


def all_texts(language: str, prefix: str) -> dict[str, str]:
    """The sentences whose keys begin with a prefix."""
    return {key: text for key, text in texts(language).items() if key.startswith(prefix)}


def say(language: str, key: str, /, **values: object) -> str:
    """A sentence with its values put in. Raises KeyError for a key that no text has: a test looks for those."""
    return texts(language)[key].format(**values)


def language_of(tag: str, default: str = "en") -> str:
    """The language we speak that is nearest to a BCP 47 tag such as "zh-Hant-TW"; `default` for an empty tag."""
    if not tag:
        return default
    first, *rest = re.split("[-_.@]", tag.lower())
    if first not in ("zh", "cmn", "yue"):
        return "en"
    if "hans" in rest:
        return "zh"
    if first == "yue" or {"hk", "mo"} & {*rest}:
        return "zh-HK"
    return "zh-TW" if {"tw", "hant"} & {*rest} else "zh"


def meant(said: str, among: Container[str]) -> str:
    """Which of these words somebody said, whatever its case and in whichever Chinese script; "" for none."""
    plain = said.strip().casefold()
    return next((one for one in (plain, *readings(plain)) if one in among), "")


def language_called(name: str) -> str:
    """The language that people call this in Chinese or English ("繁體", "English", "zh-tw"), "" for none of ours."""
    return CALLED.get(meant(name, CALLED), "")
