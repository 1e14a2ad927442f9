"""Every word a person reads, by key and language. `say("zh", "queue.full", limit=200)` is a sentence."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter

import yaml

FOLDER = Path(__file__).parent
LANGUAGES = ("zh", "en")
NAMES = {"zh": "简体中文", "en": "English"}  # each in itself
CALLED = {
    **{code.casefold(): code for code in LANGUAGES},
    **{name.casefold(): code for code, name in NAMES.items()},
    **dict.fromkeys(("中文", "汉语", "简体", "简体中文", "chinese", "zh-cn", "zh-hans", "cn"), "zh"),
    **dict.fromkeys(("英文", "英语", "english", "eng"), "en"),
}
SOON = 1.5  # seconds that need no number
Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def texts(language: str) -> Mapping[str, str]:
    """All sentences of a language by key."""
    found: dict[str, str] = yaml.load((FOLDER / f"{language}.yaml").read_text("utf-8"), Loader)
    return found


def all_texts(language: str, prefix: str) -> dict[str, str]:
    """The sentences whose keys begin with a prefix."""
    return {key: text for key, text in texts(language).items() if key.startswith(prefix)}


def say(language: str, key: str, /, **values: object) -> str:
    """A sentence with its values put in; one written `{seconds:time}` is said as a length of time, `{seconds:left}` as
    one that is left. Raises KeyError for a key that no text has: a test looks for those."""
    return _Sentences(language).vformat(texts(language)[key], (), values)


class _Sentences(Formatter):
    """Puts values into the sentences of a language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec in ("time", "left") and isinstance(value, int | float):
            return (left if format_spec == "left" else duration)(self._language, value)
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


def language_of(tag: str, default: str = "en") -> str:
    """The language we speak that is nearest to a BCP 47 tag such as "zh-Hant-TW"; `default` for an empty tag."""
    if not tag:
        return default
    return "zh" if tag.lower().split("-")[0].split("_")[0] == "zh" else "en"


def language_called(name: str) -> str:
    """The language that people call this in Chinese or English ("英文", "English", "zh-cn"), "" for none of ours."""
    return CALLED.get(name.strip().casefold(), "")
