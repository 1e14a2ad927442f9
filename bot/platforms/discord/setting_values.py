"""What the value of a setting may be, as it is completed while somebody types it."""

from __future__ import annotations

from collections.abc import Mapping

from bot import texts
from bot.studio.suggest import Completion, Kind
from prompts.traditional import chinese

USUAL = {"default": "默认"}
SWITCH = {"on": "开", "off": "关", **USUAL}
# A kind of thing, or all there is, each with its Chinese name.
VALUES: Mapping[str, Kind | Mapping[str, str]] = {
    "model": "model",
    "style": "style",
    "ratio": "shape",
    "loras": "lora",
    "quality": {"fast": "快速", "full": "完整", **USUAL},
    "metadata": {"embed": "写入", "stealth": "隐写", "strip": "去除", **USUAL},
    **dict.fromkeys(("assistant", "expand", "reactions"), SWITCH),
    "language": dict.fromkeys(texts.LANGUAGES, ""),  # each has its own name for itself
}


def listed(names: Mapping[str, str], typed: str, language: str) -> list[Completion]:
    """Those of a few values that `typed` may mean, by their names or as they are written."""
    wanted = typed.strip().casefold()
    found = []
    for value, name in names.items():
        called = name or texts.NAMES[value]
        if wanted in value.casefold() or wanted in called.casefold():
            found.append(Completion(value, called if chinese(language) or not name else value))
    return found
