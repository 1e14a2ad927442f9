"""Another shade of a colour that a thing has: "帽子颜色浅一点", "make the hat lighter"."""

from __future__ import annotations

import re

from prompts import opposites
from prompts.edit.draft import EditDraft
from prompts.edit.instructions import Instruction
from prompts.edit.rivals import kind_of
from prompts.edit.targets import WordReader, matches, without_presets
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_SHADES = {"浅": "light", "淡": "light", "深": "dark", "暗": "dark", "亮": "bright", "艳": "bright"} | {
    "lighter": "light", "paler": "pale", "deeper": "dark"
}  # fmt: skip
_COLOUR_ZH = re.compile(r"[深浅淡暗亮艳鲜]?(?P<colour>[红橙黄绿青蓝紫粉黑白灰棕褐])色?")
SHADED = frozenset(["dark", "light", "deep", "pale", "bright"])


async def shaded(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """Another shade of the colour that a thing has; of one that has none more or less, as before."""
    found = (await matches(draft.fragments, one.target, reader))[0]
    for each in without_presets([draft.fragments[at] for at in found]):
        if CHINESE.search(one.value) and (old := _COLOUR_ZH.search(chinese.simplified(each.source))):
            return Instruction("replace", one.target, f"{one.value}{old['colour']}色")
        words = opposites.plain(each.text).split()
        if colour := next((word for word in words if kind_of(word) == "colour" and word not in SHADED), ""):
            return Instruction("replace", one.target, f"{_SHADES[one.value]} {colour}")
    if one.value in ("亮", "艳", "暗"):
        return Instruction("replace", one.target, one.value.replace("艳", "鲜艳"))
    return Instruction("stronger" if one.value in ("深", "deeper") else "weaker", one.target)
