"""Every word a person reads, by key and language. `say("zh", "queue.full", limit=200)` is a sentence."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent
LANGUAGES = ("zh", "en")
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
    """A sentence with its values put in. Raises KeyError for a key that no text has: a test looks for those."""
    return texts(language)[key].format(**values)


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
    return "zh" if tag.lower().split("-")[0].split("_")[0] == "zh" else "en"
