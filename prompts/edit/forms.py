"""What a way to ask for a change is; the ways themselves stand in forms_zh and forms_en."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

InstructionKind = Literal[
    "replace", "set", "add", "remove", "deny", "weigh", "stronger", "weaker", "count", "shade", "swap", "keep"
]


@dataclass(frozen=True, slots=True)
class Form:
    """A way to ask for a change, with a sentence that asks so. In the pattern `{a}` is the target, `{b}` what it is to
    become, and any other name in braces one of the phrases of the language. `maybe`: it reads so only where the prompt
    has the target."""

    kind: InstructionKind
    pattern: re.Pattern[str]
    example: str
    maybe: bool = False


Row = tuple[InstructionKind, str, str] | tuple[InstructionKind, str, str, bool]


def forms(phrases: Mapping[str, str], *rows: Row) -> tuple[Form, ...]:
    """The forms of rows in which the phrases of a language stand in braces."""
    named = {"a": "(?P<a>.+?)", "b": "(?P<b>.+?)", "number": r"(?P<w>\d+(?:\.\d+)?)", **phrases}
    return tuple(Form(kind, re.compile(pattern.format_map(named)), *rest) for kind, pattern, *rest in rows)


# What forms and sayings share: alternatives to stand in a group.
COLOURS = "red|blue|green|black|white|yellow|pink|purple|brown|gr[ea]y|orange|gold(?:en)?|silver"
NUMBERS = r"one|two|three|four|five|six|seven|eight|nine|ten|\d+"
ARROW = r"\s*(?:→|➡|⇒|[-=]>)\s*"

MEASURES = "个只名位条头匹张把朵棵株座支幅块根片双对束杯盘碗顶件本辆艘架栋间群盏瓶篮串枝盆颗粒"
COUNT = rf"(?:\d{{1,3}}|[一二两三四五六七八九十百几]{{1,4}})[{MEASURES}扇面台层]"
