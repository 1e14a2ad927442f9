"""Nouns that describe the noun behind them: "星星耳环" star earrings, "毛边靴子" fur-trimmed boots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.translate.roles import NAMED_AFTER, WORN_WITH, Token

_SHAPED = frozenset(("object", "nature", "plant", "animal", "food", "effect", "light"))
_SHAPES = frozenset(("形", "形状", "状", "型", "造型", "样式"))
# Plurals of their own, and names that only end in s.
_SINGULAR: Mapping[str, str] = {
    "leaves": "leaf",
    "knives": "knife",
    "wolves": "wolf",
    **{name: name for name in ("hermes", "adidas", "mercedes", "vans", "paris", "series")},
}


def one_of(noun: Token) -> str:
    """The noun as it stands before another: "stars" before "earrings" is "star"."""
    tag = noun.tag
    if noun.category not in ("object", "nature", "plant", "animal", "food", "light", "effect"):
        return tag
    front, space, last = tag.rpartition(" ")
    if last in _SINGULAR:
        return front + space + _SINGULAR[last]
    plural = last.endswith("s") and not last.endswith(("ss", "us", "is", "glasses", "lights")) and len(last) > 3
    return tag[:-1] if plural and not last.endswith(("shes", "ches", "ies")) else tag


def retouched(clause: str, tokens: Sequence[Token]) -> list[Token]:
    """The tokens with those made adjectives that describe the noun behind them: "毛边靴子", "蝴蝶形的瞳孔"."""
    made = list(tokens)
    for index in range(len(made) - 2, -1, -1):
        token, behind = made[index], made[index + 1]
        if token.tag in WORN_WITH and behind.category == "clothing":
            made[index] = token._replace(role="adjective", category="adjective", tag=WORN_WITH[token.tag])
            continue
        if token.category not in _SHAPED or clause[behind.start : behind.end] not in _SHAPES:
            continue
        after = index + 2 + (index + 2 < len(made) and made[index + 2].role == "of")
        if after < len(made) and made[after].category in ("eyes", "clothing", "body", "object", "light"):
            shape = one_of(token) + ("" if made[after].tag.endswith(NAMED_AFTER) else "-shaped")
            made[index:after] = [token._replace(role="adjective", category="material", tag=shape, end=behind.end)]
    return made
