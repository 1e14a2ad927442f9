"""Disturbed attention for single entries of a batch: PAG's, which sees nothing but its own place, and SEG's, blurred.

Hooks on a layer's projections change the rows of these entries alone; everybody else's stay as they are to the bit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor

from engine.further_guidance import Perturbed, Smoothed
from engine.patches import merging
from engine.recipe import Recipe
from prompts.errors import Refusal

Disturbance = Perturbed | Smoothed
_found: WeakKeyDictionary[Any, Mapping[str, Attention]] = WeakKeyDictionary()
_NAME = re.compile(r"(mid|down|up)_blocks?((?:\.\d+)?)\.attentions\.(\d+)\.transformer_blocks\.(\d+)\.attn1\Z")


def self_attentions(unet: Any) -> Mapping[str, Attention]:
    """The self-attention layers of a UNet by their short names: "mid.0.0", "up.1.2.0"."""
    if unet not in _found:  # looked for once, as a large UNet has thousands of modules
        named = ((_NAME.search(name), part) for name, part in unet.named_modules() if isinstance(part, Attention))
        _found[unet] = {f"{match[1]}{match[2]}.{match[3]}.{match[4]}": part for match, part in named if match}
    return _found[unet]


def layers(unet: Any, wanted: str) -> list[Attention]:
    """The layers that are meant by "mid+up.0". Raises Refusal `layers.unknown` for one that the UNet has not."""
    known, found = self_attentions(unet), dict[str, Attention]()
    for one in wanted.split("+"):
        of_it = {name: layer for name, layer in known.items() if f"{name}.".startswith(f"{one}.")}
        if not of_it:
            blocks = dict.fromkeys(name.rpartition(".")[0] for name in known)
            raise Refusal("layers.unknown", name=one, names=", ".join(blocks))
        found |= of_it
    return list(found.values())


def check(recipe: Recipe, unet: Any) -> None:
    """Raises Refusal for layers that the UNet has not, and for some that are to be blurred where tokens are merged,
    which lie nowhere any more."""
    for one in (recipe.pag, recipe.seg):
        if one:
            layers(unet, one.layers)
    if recipe.seg and recipe.token_merging:
        merged = {place.block.attn1 for place in merging.reached(unet, full_size_only=recipe.like is not None)}
        if merged & set(layers(unet, recipe.seg.layers)):
            raise Refusal("layers.merged", layers=recipe.seg.layers)


@contextmanager
def disturbed(unet: Any, entries: Sequence[Disturbance | None], size: Sequence[int]) -> Iterator[None]:
    """While it holds, the attention of a batch's entries is disturbed as `entries` says of each; `size` are the height
    and width of the latents."""
    hooks: list[Any] = []
    try:
        for one in dict.fromkeys(one for one in entries if one):
            rows = [index for index, other in enumerate(entries) if other == one]
            for layer in layers(unet, one.layers):
                if isinstance(one, Perturbed):
                    hooks += _to_itself(layer, rows)
                else:
                    hooks.append(layer.to_q.register_forward_hook(_blurring(rows, one.blur, (size[0], size[1]))))
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _to_itself(layer: Attention, rows: Sequence[int]) -> list[Any]:
    """Hooks that put the values in the place of what attention makes of them."""
    values: list[Tensor] = []

    def remember(_layer: object, _inputs: object, output: Tensor) -> None:
        values[:] = [output]

    def instead(_layer: object, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        attended = inputs[0].clone()
        attended[rows] = values.pop()[rows]
        return (attended, *inputs[1:])

    out = layer.to_out[0]
    return [layer.to_v.register_forward_hook(remember), out.register_forward_pre_hook(instead)]


def _blurring(rows: Sequence[int], blur: float, size: tuple[int, int]) -> Callable[..., Tensor]:
    def blurred(_layer: object, _inputs: object, output: Tensor) -> Tensor:
        output = output.clone()
        own = output[rows]
        if not blur:
            output[rows] = own.mean(dim=1, keepdim=True).expand_as(own)
            return output
        height, width = _places(size, own.shape[1])
        over = own.reshape(len(rows), height, width, -1)
        down, across = (_gaussian(count, blur).to(own.device, own.dtype) for count in (height, width))
        output[rows] = torch.einsum("yv,xw,nvwc->nyxc", down, across, over).reshape(own.shape)
        return output

    return blurred


def _places(size: tuple[int, int], count: int) -> tuple[int, int]:
    """The height and width of a level with so many places, of latents of this size: each level halves them."""
    height, width = size
    while height * width > count:
        height, width = math.ceil(height / 2), math.ceil(width / 2)
    if height * width != count:
        raise ValueError(f"{count} places are no level of {size[0]} × {size[1]} latents")
    return height, width


def _gaussian(count: int, blur: float) -> Tensor:
    """A blur along one side as a matrix (count, count), mirrored at both ends; the kernel is no wider than the side,
    as in SEG's own program."""
    wide = math.ceil(6 * blur) + 1 - math.ceil(6 * blur) % 2
    half = min(wide, count + 1 - count % 2) // 2
    offsets = torch.arange(-half, half + 1)
    weights = torch.exp(-0.5 * (offsets / blur) ** 2)
    places = (torch.arange(count)[:, None] + offsets).abs()
    places = torch.where(places >= count, 2 * (count - 1) - places, places)
    return torch.zeros(count, count).scatter_add_(1, places, (weights / weights.sum()).expand(count, -1))
