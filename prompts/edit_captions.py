"""What to draw over a picture that came with a wish for a change: of "变成水彩画" only what it is to become."""

from __future__ import annotations

import re

from prompts import options
from prompts.edit_instructions import Instruction, clauses, instructions, instructs
from prompts.edit_targets import KINDS
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE, simplified
from prompts.translate.glossary import entries

_ORDER_ZH = re.compile(
    r"^(?:请|帮我|麻烦|给我|能不能|可以|可不可以|我想|想要|你)*(?:(?:把|将).|(?:给|让|为).{1,8}(?:加|戴|穿|换|改|变|添)|"
    r"(?:都|全部)?(?:改|换|变|转|转换|转变|修改|调|弄)(?:成|为|到)|改用|去掉|去除|删掉|删除|移除|拿掉|擦掉|加上|加入|添加|增加|加[一个点些只]|"
    r"加.{1,6}$|换.{1,6}$|.{1,8}(?:换成|改成|变成|改为|变为|换为|染成|去掉|不要了))"
)
_ORDER_EN = re.compile(
    r"^(?:(?:please|can you|could you|would you|i want (?:you )?to|now|just)\s+)*"
    r"(?:(?:turn|change|convert|transform|replace|swap|remove|delete|erase|add|get rid of|put on)\b|"
    r"(?:make|paint|colou?r|dye|put|give|set)\s+(?:it|this|that|the|her|his|him|them|their|my|me|us)\b)"
)


def captioned(text: str) -> str:
    """The text to draw over a picture: what a wish for a change wants to see, in the person's words; any other text as
    it is."""
    parts = list(clauses(text))
    if not parts or not _orders(parts[0]):
        return text
    said = ["" if options.read_options(part).options.to_json() else _wanted(part) for part in parts]
    wanted = [one or part for one, part in zip(said, parts, strict=True)]
    return ("，" if CHINESE.search(text) else ", ").join(wanted)


def _orders(clause: str) -> bool:
    plain = simplified(clause).strip() if CHINESE.search(clause) else clause.strip().lower()
    return bool((_ORDER_ZH if CHINESE.search(clause) else _ORDER_EN).match(plain)) and instructs(clause)


def _wanted(clause: str) -> str:
    """What one clause wants to see, or not to see; empty for one that only names something."""
    found = [] if not instructs(clause) else [_said(one) for one in instructions(clause)]
    return ("，" if CHINESE.search(clause) else ", ").join(filter(None, found))


def _said(one: Instruction) -> str:
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
