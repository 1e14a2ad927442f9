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


# What is said of a name that there is not where no name is near, beside the sentence that suggests one.
_FAR = frozenset((
    "command.unknown_far", "sampler.unknown_far", "model.unknown_far", "vae.unknown_far", "lora.unknown_far",
    "upscaler.unknown_far", "option.unknown_far", "style.unknown_far", "note.wildcard_unknown_far",
))  # fmt: skip


def say(language: str, key: str, /, **values: object) -> str:
    """A sentence with its values put in: of one that comes in several languages (`words`, `words_zh`) the language's.
    Raises KeyError for a key that no text has: a test looks for those."""
    if values.get("near") == "" and f"{key}_far" in _FAR:
        key = f"{key}_far"
    mine = f"_{language[:2]}"
    own = {name.removesuffix(mine): value for name, value in values.items() if name.endswith(mine)}
    return texts(language)[key].format(**values | own)


def language_of(tag: str, default: str = "en") -> str:
    """The language we speak that is nearest to a BCP 47 tag such as "zh-Hant-TW"; `default` for an empty tag."""
    if not tag:
        return default
    return "zh" if tag.lower().split("-")[0].split("_")[0] == "zh" else "en"
