"""Weights of single elements of a LoRA, as sd-webui-lora-block-weight writes them behind `lbwe=`: rules
BLOCKS:ELEMENTS:RATIO, of which the last that a layer falls under says its weight in the place of its block's. Blocks
and elements are lists with blanks between, blocks also ranges (IN05-OUT05); NOT before them means all others, and
nothing means all. An element is a piece of a layer's name in the original code. The presets are that extension's.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from prompts.grammar.attention import number
from prompts.grammar.lora_blocks import BLOCKS

PRESETS = {
    "ATTNDEEPON": "IN05-OUT05:attn:1",
    "ATTNDEEPOFF": "IN05-OUT05:attn:0",
    "PROJDEEPOFF": "IN05-OUT05:proj:0",
    "XYZ": "::1",
}
_MOST = 50  # rules of a tag


@dataclass(frozen=True, slots=True)
class Listed:
    """Some words, or all but these; none are all."""

    words: tuple[str, ...] = ()
    all_but: bool = False

    def has(self, text: str) -> bool:
        """Whether one of the words stands in a text."""
        return any(word in text for word in self.words or ("",)) != self.all_but


@dataclass(frozen=True, slots=True)
class Rule:
    """What layers it is about, by block and name, and the weight that they get."""

    blocks: Listed
    elements: Listed
    ratio: float


Rules = tuple[Rule, ...]


def element_rules(said: str) -> Rules | None:
    """The rules that are written, or of the preset of that name; None for what is neither."""
    said = PRESETS.get(said.strip().upper(), said).replace("，", ",").replace("：", ":")
    rules = tuple(map(_rule, said.split(",")))
    return None if len(rules) > _MOST or None in rules else tuple(rule for rule in rules if rule)


def ratio(rules: Rules, block: str, name: str) -> float | None:
    """The weight of a layer, by its block ("IN04", "BASE"; "" for none) and its name; None where no rule is about
    it."""
    found = None
    for rule in rules:
        if rule.blocks.has(block) and rule.elements.has(name):
            found = rule.ratio
    return found


def _rule(said: str) -> Rule | None:
    parts = [part.strip() for part in said.split(":")]
    if len(parts) != 3:
        return None
    blocks, elements, weight = _blocks(parts[0].upper()), _listed(parts[1]), number(parts[2])
    if blocks is None or weight is None or not math.isfinite(weight):
        return None
    return Rule(blocks, elements, weight)


def _listed(said: str) -> Listed:
    words = said.split()
    return Listed(tuple(words[1:]), all_but=True) if words[:1] == ["NOT"] else Listed(tuple(words))


def _blocks(said: str) -> Listed | None:
    """The blocks that are listed, ranges written out; None where there are no such blocks."""
    listed = _listed(said)
    named: list[str] = []
    for word in listed.words:
        ends = [re.sub(r"^(?:MID|M)$", "M00", end) for end in word.split("-")]
        if len(ends) > 2 or any(end not in BLOCKS for end in ends):
            return None
        first, last = sorted((BLOCKS.index(ends[0]), BLOCKS.index(ends[-1])))
        named += BLOCKS[first : last + 1]
    return Listed(tuple(named), listed.all_but)
