"""Options of other programs, most of them Midjourney's: people bring them along, and there is nothing like most of them
here."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?![\w.])"
_REFERENCES = r"(?:(?:https?://\S+|random|[\w.]*\d[\w.]*(?:::-?[\d.]+)?)(?:[^\S\n]+|(?=[,，\n]|\Z)))+"
_VERSION = r"\d[\w.]*"
_NOTHING = ""

# What may stand behind each. Where nothing of that does, the option was meant without.
_VALUES: Mapping[str, str] = {
    **dict.fromkeys(("v", "version", "niji", "sv"), _VERSION),
    **dict.fromkeys(
        ("s", "stylize", "stylise", "c", "chaos", "q", "quality", "iw", "w", "weird", "stop", "sw", "cw", "ow", "exp"),
        _NUMBER,
    ),
    **dict.fromkeys(("sameseed", "bs"), _NUMBER),
    **dict.fromkeys(("sref", "cref", "oref", "end", "profile", "personalize"), _REFERENCES),
    **dict.fromkeys(("fast", "relax", "relaxed", "turbo", "draft", "video", "loop"), _NOTHING),
    **dict.fromkeys(("test", "testp", "creative", "beta", "upbeta", "uplight", "public", "stealth"), _NOTHING),
    **dict.fromkeys(("restore-faces", "restore_faces", "codeformer", "gfpgan"), _NOTHING),
    "face-restoration": r"(?i:codeformer|gfpgan)\b",
    "motion": r"(?:low|high)\b",
    "style": r"(?:raw|cute|scenic|expressive|original|default|4[abc])(?!\w)",
}
_VALUE = {name: re.compile(form) for name, form in _VALUES.items()}
_OURS_WITHOUT = frozenset({"s", "quality", "style"})  # without such a value they are options of our own

NAMES = frozenset(_VALUES)


def value_end(name: str, text: str, position: int) -> int | None:
    """Where the value ends that one of these options has in the text at that position, be it at once; None for
    an option that is none of theirs."""
    if name not in _VALUE:
        return None
    match = _VALUE[name].match(text, position)
    if match is None:
        return None if name in _OURS_WITHOUT else position
    return match.end()
