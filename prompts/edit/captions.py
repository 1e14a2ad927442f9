"""What to draw over a picture that came with a wish for a change: of "变成水彩画" only what it is to become."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import options
from prompts.edit.clauses import clauses
from prompts.edit.instructions import Instruction, instructions, instructs
from prompts.edit.orders import orders
from prompts.edit.targets import KINDS
from prompts.safety.judge import signs_of_text
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_AS = re.compile(r"^\s*(?:as|into)\s+(?=\w)", re.IGNORECASE)
# What says nothing of a picture, where all that is wanted is something gone from it.
_ANYTHING = {True: "高质量", False: "best quality"}


def captioned(text: str) -> str:
    """The text to draw over a picture: what a wish for a change wants to see, in the person's words; any other text as
    it is, and one of which the guard would know less then."""
    parts = list(clauses(_AS.sub("turn it into ", text)))
    if not parts or not orders(parts[0]):
        return text
    chinese = CHINESE.search(text) is not None
    wishes = [_read(part) for part in parts]
    gone = [one.target for wish in wishes for one in wish if one.kind in ("remove", "deny")]
    if any(signs_of_text(target) - {"people"} for target in gone):
        return text
    said = [(", ", "，")[chinese].join(map(_said, wish)) or part for wish, part in zip(wishes, parts, strict=True)]
    kept = [new if _tells(new, old, wish) else old for new, old, wish in zip(said, parts, wishes, strict=True)]
    if len(gone) == sum(map(len, wishes)) == len(parts):
        kept.insert(0, _ANYTHING[chinese])
    return (", ", "，")[chinese].join(kept)


def _read(clause: str) -> tuple[Instruction, ...]:
    """The changes that a clause asks for; none of one that only names something, or an option."""
    asks = instructs(clause) and not options.read_options(clause).options.to_json()
    found = instructions(clause) if asks else ()
    return (
        () if any(one.kind in ("count", "shade", "swap", "keep") for one in found) else found
    )  # only a prompt tells of what


def _tells(new: str, old: str, wish: Sequence[Instruction]) -> bool:
    """Whether words say all that the guard reads in those they stand for; people that are to go need not be said."""
    lost = signs_of_text(old) - signs_of_text(new)
    return not lost or (lost == {"people"} and all(one.kind in ("remove", "deny") for one in wish))


def _said(one: Instruction) -> str:
    """What one change wants to see, or not to see."""
    chinese = CHINESE.search(one.target + one.value)
    if one.kind in ("remove", "deny"):
        return f"不要{one.target}" if chinese else f"no {one.target}"
    if one.open:  # "make the hat green": the property stands last
        *thing, property_ = one.target.split()
        return " ".join([property_, *thing])
    value = one.target if one.kind == "weigh" or not one.value else one.measure + one.value
    if not chinese:
        value = re.sub(r"^(?:an?|the) watercolou?r$", "watercolor painting", value)
        value = re.sub(r"^(?:an?|the) (?=.*(?:painting|drawing|sketch|style|photo)$)", "", value)
    between = "" if chinese else " "
    if KINDS.get(one.target, ())[:1] == ("place",):
        return (
            value
            if "背景" in value or "background" in value
            else value + between + ("背景" if chinese else "background")
        )
    entry = entries().get(value) if chinese else entry_of(value)
    if one.target and one.target not in KINDS and entry and entry.category in _PROPERTIES:
        return value + between + one.target
    return value


_PROPERTIES = ("colour", "material", "adjective")
