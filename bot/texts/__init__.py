"""Every word a person reads, by key and language. `say("zh", "queue.full", limit=200)` is a sentence."""

from __future__ import annotations

import functools
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from string import Formatter

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
SOON = 1.5  # seconds that need no number
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


# What is said of a name that there is not where no name is near, beside the sentence that suggests one.
_FAR = frozenset((
    "command.unknown_far", "sampler.unknown_far", "schedule.unknown_far", "model.unknown_far", "vae.unknown_far",
    "lora.unknown_far", "control.unknown_far", "control.unknown_word_far", "upscaler.unknown_far", "option.unknown_far",
    "style.unknown_far", "note.wildcard_unknown_far", "map.unknown_far", "pose.unknown_far", "compare.unknown_far",
    "why.unknown_far",
    "tags.no_reader_far", "training.no_such_far",
    *(f"missing.{kind}_far" for kind in ("model", "vae", "lora", "embedding", "upscaler", "sampler")),
))  # fmt: skip


def say(language: str, key: str, /, **values: object) -> str:
    """A sentence with its values put in; one written `{seconds:time}` is said as a length of time, `{seconds:left}` as
    one that is left; of a value that comes in several languages (`words`, `words_zh`) the language's. Where nothing is
    `near` a name that there is not, the sentence that suggests none. Raises KeyError for a key that no text has: a test
    looks for those."""
    if values.get("near") == "" and f"{key}_far" in _FAR:
        key = f"{key}_far"
    mine = f"_{WRITTEN.get(language, language)}"
    own = {name.removesuffix(mine): value for name, value in values.items() if name.endswith(mine)}
    own = {
        name: traditional.written(value, language) if isinstance(value, str) else value for name, value in own.items()
    }
    return _Sentences(language).vformat(texts(language)[key], (), values | own)


class _Sentences(Formatter):
    """Puts values into the sentences of a language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec in ("time", "left"):
            seconds = float(str(value))  # what is kept as JSON may be written as a text
            return (left if format_spec == "left" else duration)(self._language, seconds)
        return format(value, format_spec)


def duration(language: str, seconds: float) -> str:
    """A length of time as one says it, with no part that is nothing: "3.2 s", "2 min", "1 d 4 h"."""
    if seconds < 10:
        return _count(language, "seconds", round(max(0.0, seconds), 1))
    if seconds < 90:
        return _count(language, "seconds", round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _count(language, "minutes", minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return _parts(language, (("hours", hours), ("minutes", rest)))
    return _parts(language, (("days", hours // 24), ("hours", hours % 24)))


def left(language: str, seconds: float) -> str:
    """How long something still takes, about."""
    if seconds < SOON:
        return say(language, "page.left.soon")
    return say(language, "page.left.about", time=duration(language, round(seconds)))


def _parts(language: str, parts: Sequence[tuple[str, int]]) -> str:
    return " ".join(_count(language, unit, count) for unit, count in parts if count)


def _count(language: str, unit: str, count: float) -> str:
    return say(language, f"page.time.{unit}", count=f"{count:g}")


def exchanged(text: str, old: str, new: str) -> str:
    """A label in which the text of one key stands, in whatever language, with another's in its place."""
    for language in LANGUAGES:
        if say(language, old) in text:
            return text.replace(say(language, old), say(language, new))
    return text


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
