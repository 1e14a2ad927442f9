"""Words for parts of a picture: cross-attention that asks each region's words, and mixes the answers by place.

Every entry of a batch is asked with all it has, so that LoRAs and other entries keep their places; the answers of rows
without regions stay as they are to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from engine.patches import attentions
from engine.pixels import region_map
from engine.pixels.region_map import NOTHING, PaintedArea, PaintedMap, RegionArea
from engine.recipe import Recipe
from engine.regions import EVERYWHERE, shares
from engine.worker.prompt_encoding import Conditioning
from prompts import grammar
from prompts.errors import Refusal


def words(recipe: Recipe, painted: PaintedMap = NOTHING) -> str:
    """The recipe's prompt as it is read: with regions, the first text says all that the others say, too, from left to
    right, so that what is drawn everywhere knows of everything."""
    said = recipe.prompt.positive
    if recipe.regions is None or len(found := grammar.multicond(said)) < 2:
        return said
    (base, _), *rest = found
    placed = zip((region_map.middle(one) for one in region_map.areas(recipe.regions, painted)), rest, strict=False)
    ordered = [text.strip(" ,") for _, (text, _) in sorted(placed, key=lambda one: one[0])]
    whole = ", ".join(filter(None, (base.strip(" ,"), " and ".join(ordered))))
    return " AND ".join([whole, *(text if weight == 1.0 else f"{text} :{weight:g}" for text, weight in rest)])


def parted(
    recipe: Recipe, positive: tuple[Conditioning, ...], painted: PaintedMap = NOTHING
) -> tuple[Conditioning, ...]:
    """The texts that AND joins; with regions one text, which knows the words of its regions, of which some are what is
    `painted`. One region alone that is everywhere, with nothing said for the whole picture, is a picture of these
    words. Raises Refusal `regions.count` where there are not as many regions as texts behind the first."""
    if recipe.regions is None:
        return positive
    base, *texts = positive
    places = region_map.areas(recipe.regions, painted)
    if len(texts) != len(places):
        raise Refusal("regions.count", texts=len(texts), boxes=len(places))
    if len(places) == 1 and _everywhere(places[0]) and recipe.regions.base == 0:
        return (replace(texts[0], weight=1.0),)
    return (replace(base, weight=1.0, regions=tuple(zip(places, texts, strict=True)), share=recipe.regions.base),)


def _everywhere(place: RegionArea) -> bool:
    return place.everywhere if isinstance(place, PaintedArea) else place == EVERYWHERE


@dataclass(frozen=True, slots=True, eq=False)
class EntryRegions:
    """An entry of a batch with regions: its place, its text, and the step that is counted."""

    place: int
    text: Conditioning
    step: int


@contextmanager
def on_unet(
    unet: Any, entries: Sequence[tuple[Conditioning, int]], words: Tensor, size: tuple[int, int]
) -> Iterator[None]:
    """While it holds, the cross-attention of a batch is that of its texts' regions. `entries` are the texts with the
    step that each counts, `words` what the batch is given, (entries, tokens, width), `size` the height and width of the
    latents."""
    asked = [EntryRegions(place, text, step) for place, (text, step) in enumerate(entries) if text.regions]
    if not asked:
        yield
        return
    others = [_others(asked, words, number) for number in range(max(len(one.text.regions) for one in asked))]
    found: dict[tuple[int, int], Tensor] = {}
    hooks: list[Any] = []
    try:
        for place in attentions.places(unet):
            cells = place.cells(size)
            if cells not in found:
                found[cells] = _weights(asked, len(others), cells, words)
            hooks.append(
                place.block.attn2.register_forward_hook(_mixing(asked, others, found[cells]), with_kwargs=True)
            )
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _others(asked: Sequence[EntryRegions], words: Tensor, number: int) -> Tensor:
    """The batch's words with those of the region of this number where an entry has it."""
    made = words.clone()
    for one in asked:
        if number < len(one.text.regions):
            own = one.text.regions[number][1].at(one.step)
            made[one.place] = own.repeat(1, words.shape[1] // own.shape[1], 1)[0]
    return made


def _weights(asked: Sequence[EntryRegions], count: int, cells: tuple[int, int], like: Tensor) -> Tensor:
    """How much each region's words count at each place, (entries asked, regions, places, 1)."""
    made = torch.zeros(len(asked), count, cells[0] * cells[1], 1)
    for own, one in zip(made, asked, strict=True):
        for region, (place, text) in zip(own, one.text.regions, strict=False):
            region[:, 0] = text.weight * _covered(place, cells).flatten()
        own *= (1 - one.text.share) / own.sum(dim=0, keepdim=True).clamp_min(1)
    return made.to(like.device, like.dtype)


def _covered(place: RegionArea, cells: tuple[int, int]) -> Tensor:
    """How much of each cell lies in a place, (height, width)."""
    if isinstance(place, PaintedArea):
        return torch.from_numpy(place.covered(cells))
    left, top, right, bottom = place
    return torch.outer(torch.tensor(shares(top, bottom, cells[0])), torch.tensor(shares(left, right, cells[1])))


def _mixing(asked: Sequence[EntryRegions], others: Sequence[Tensor], weights: Tensor) -> Callable[..., Tensor]:
    places = [one.place for one in asked]
    rest = 1 - weights.sum(dim=1)

    def mixed(layer: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Tensor) -> Tensor:
        answer = rest * output[places]
        for number, words in enumerate(others):
            # Its own forward: the hook is not called again.
            said = layer.forward(*inputs, **named | {"encoder_hidden_states": words})
            answer = answer + weights[:, number] * said[places]
        output = output.clone()
        output[places] = answer
        return output

    return mixed
