"""The texts that a row tells the UNet, and what is known of them as long as they are the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.further_guidance import Perturbed, Smoothed
from engine.recipe import Recipe
from engine.worker.prompt_encoding import Conditioning

Ways = tuple[Perturbed | Smoothed, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RowTexts:
    """What the UNet is told in a row's calls until it is told something else: the `texts`, what they are made of, the
    tokens that they have in common, and whether each stays what it is at all its steps. `plainly` says that the row is
    guided by one text and a negative alone, or not at all."""

    positive: tuple[Conditioning, ...]
    negative: Conditioning | None
    against: Conditioning | None
    astray: Ways
    texts: tuple[Conditioning, ...]
    length: int
    still: bool
    plainly: bool


def of(
    recipe: Recipe,
    positive: tuple[Conditioning, ...],
    negative: Conditioning | None,
    against: Conditioning | None,
    astray: Ways,
) -> RowTexts:
    """The texts of a recipe at calls that are guided away from `against`, which is its negative or nothing, and from
    what attention gives that is led `astray`."""
    unwanted = tuple(one for one in (against, against and against.empty) if one)
    texts = unwanted + positive * (1 + len(astray))
    plainly = negative is None
    if len(texts) > 1:
        pair = len(unwanted) == len(positive) == 1 and positive[0].weight == 1 and not astray
        plainly = pair and not recipe.rescale and not recipe.threshold
    length, still = math.lcm(*(one.length for one in texts)), all(len(one.entries) == 1 for one in texts)
    return RowTexts(positive, negative, against, astray, texts, length, still, plainly)
