"""What a sentence asks for: recipe fields that it names ("竖图"), and the changes of the prompt, in their order."""

from __future__ import annotations

import re
from dataclasses import replace

from prompts import options
from prompts.edit.clauses import clauses
from prompts.edit.instructions import Instruction, instructions
from prompts.prompt import Options
from prompts.translate.chinese import CHINESE

_OPTION_VERB = re.compile(r"^(?:请|把图|画面|尺寸|比例)?(?:改成|换成|变成|改为|改|换|用|要)(?=.)")


def _said(clause: str) -> tuple[Options, str]:
    """The recipe fields named in a clause, and the clause where it asks for more."""
    for words in (clause, _OPTION_VERB.sub("", clause)):
        asked = options.read_options(words)
        if asked.options.to_json() and not asked.text.strip(" ,，。"):
            return asked.options, ""
    return Options(), clause


def read(sentence: str) -> tuple[Options, list[Instruction]]:
    """The recipe fields that a sentence names, and the changes of the prompt that it asks for."""
    asked = Options()
    wishes: list[Instruction] = []
    for clause in clauses(sentence):
        said, clause = _said(clause)
        asked = _over(asked, said)
        wishes += instructions(clause) if clause else ()
    return asked, wishes


def in_turn(wishes: list[Instruction]) -> list[Instruction]:
    """The wishes in the order to follow them: what goes goes before what only comes. "Empty chair, no captain"."""
    found = list(wishes)
    for at in range(len(found) - 1):
        comes, goes = found[at], found[at + 1]
        plain = comes.kind == "set" and not (comes.instead or CHINESE.search(comes.value))
        if plain and goes.kind in ("remove", "deny") and goes.target not in ("it", "them", "that"):
            found[at : at + 2] = [goes, comes]
    return found


def _over(first: Options, second: Options) -> Options:
    return replace(first, **second.to_json())  # type: ignore[arg-type]
