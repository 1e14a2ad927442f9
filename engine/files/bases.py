"""The bases that most models of SDXL's kind are trained further from: how a file tells which is its own, and what
models of that base want beside their presets (prompts/data/presets.yaml).

docs/models.md has the sources. All of them are SDXL to the engine: same tensors, same size, and the text is read from
the last but one layer ("clip skip 2"), as SDXL's always is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelBase:
    """Steps, sampler and guidance that models of a base want; `name` is that of its presets, `title` what people call
    it, `said` how a text tells. `velocity` is the row for its models that predict v."""

    name: str
    title: str
    said: str
    steps: int
    sampler: str
    guidance: float
    velocity: ModelBase | None = None


# In the order of asking: NoobAI was made from Illustrious, and says so. A "ponytail" and "Ponyo" are no Pony, nor is
# Pony V7, which is another kind of model.
BASES = (
    ModelBase(
        "noobai", "NoobAI", r"noob(?:ai|xl|[-_ ])", steps=28, sampler="Euler a", guidance=5.5,
        velocity=ModelBase("noobai", "NoobAI", "", steps=30, sampler="Euler", guidance=4.5),
    ),
    ModelBase(
        "illustrious", "Illustrious", r"illustrious|(?<![a-z])il(?:xl|v\d)", steps=28, sampler="Euler a", guidance=6.0
    ),
    ModelBase("animagine", "Animagine", r"animagine", steps=28, sampler="Euler a", guidance=5.0),
    ModelBase(
        "pony", "Pony", r"pony(?!tail|o(?![a-z])|[-_ ]?v?7)|(?<![a-z])pdxl", steps=25, sampler="Euler a", guidance=7.0
    ),
)  # fmt: skip
# Bases whose LoRAs one may use on one another's models.
KIN = (frozenset({"illustrious", "noobai"}),)


def base_of(texts: Iterable[str]) -> str:
    """The name of the base that the first of these texts to name one names; "" where none does."""
    for text in texts:
        for row in BASES:
            if re.search(row.said, text.casefold()):
                return row.name
    return ""


def base(name: str, *, velocity: bool = False) -> ModelBase | None:
    """The row of a base, that for v-prediction where it has one; None for "" and what is no row."""
    row = next((one for one in BASES if one.name == name), None)
    return (row.velocity or row) if row and velocity else row


def title(name: str) -> str:
    """What people call a base; "" for none."""
    row = base(name)
    return row.title if row else ""


def akin(one: str, other: str) -> bool:
    """Whether what was made for one base works on another; so it is taken where one of them is not told."""
    return not one or not other or one == other or any({one, other} <= kin for kin in KIN)
