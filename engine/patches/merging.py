"""Token merging: self-attention on the finest level takes the tokens together that are most alike.

One token in each square of four stays; of all others the share with the likest of these is averaged into them before
attention, and takes what they were given after it. Source: Bolya and Hoffman 2023, "Token Merging for Fast Stable
Diffusion", without chance as A1111 calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.patches.attentions import AttentionPlace, places

STRIDE = 2  # one token in a square of so many a side stays


@contextmanager
def merging(unet: Any, cells: tuple[int, int], share: float, *, full_size_only: bool = False) -> Iterator[None]:
    """While it holds, so large a share (0…1) of the tokens are taken together, for latents of `cells`. On SDXL, whose
    finest level is half as wide as the latents, nothing is where it is for the full size only, as in A1111."""
    with ExitStack() as stack:
        if share:
            for place in reached(unet, full_size_only=full_size_only):
                layer = _Merged(place.cells(cells), share)
                attention = place.block.attn1
                stack.callback(place.block.register_forward_pre_hook(layer.look).remove)
                stack.callback(attention.register_forward_pre_hook(layer.merge).remove)
                stack.callback(attention.register_forward_hook(layer.unmerge).remove)
        yield


def reached(unet: Any, *, full_size_only: bool = False) -> tuple[AttentionPlace, ...]:
    """The places where tokens are merged."""
    found = tuple(places(unet))
    finest = 0 if full_size_only else min((place.level for place in found), default=0)
    return tuple(place for place in found if place.level == finest)


class _Merged:
    """The hooks on one transformer block, and on its attention to the picture itself."""

    def __init__(self, cells: tuple[int, int], share: float) -> None:
        self._cells = cells
        self._share = share
        self._matched: Matched | None = None

    def look(self, _block: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Before the block: which of its tokens are alike."""
        self._matched = matched(inputs[0], self._cells, self._share)

    def merge(self, _layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        return (self._matched.merged(inputs[0]), *inputs[1:]) if self._matched else None

    def unmerge(self, _layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        return self._matched.apart(output) if self._matched else None


class Matched:
    """Which tokens stay, (n, kept), and which go, (n, gone), each into one of those in the squares' corners: `into`,
    (n, gone), is its place among those that stay."""

    def __init__(self, stay: Tensor, go: Tensor, into: Tensor) -> None:
        self._stay = stay
        self._go = go
        self._into = into

    def merged(self, tokens: Tensor) -> Tensor:
        """The tokens (n, count, width) that stay, each the mean of itself and those that went into it."""
        width = tokens.shape[-1]
        kept = tokens.gather(1, _wide(self._stay, width))
        gone = tokens.gather(1, _wide(self._go, width))
        return kept.scatter_reduce(1, _wide(self._into, width), gone, reduce="mean", include_self=True)

    def apart(self, kept: Tensor) -> Tensor:
        """All tokens again, those that went as what they went into."""
        width = kept.shape[-1]
        whole = kept.new_empty(len(kept), self._stay.shape[1] + self._go.shape[1], width)
        whole.scatter_(1, _wide(self._stay, width), kept)
        return whole.scatter_(1, _wide(self._go, width), kept.gather(1, _wide(self._into, width)))


def matched(tokens: Tensor, cells: tuple[int, int], share: float) -> Matched | None:
    """What so large a share of the tokens (n, height · width, channels) goes into: the likest by the cosine between
    them. None where that is not one token."""
    height, width = cells
    inside = torch.zeros(height, width, dtype=torch.bool, device=tokens.device)
    inside[: height // STRIDE * STRIDE : STRIDE, : width // STRIDE * STRIDE : STRIDE] = True
    corners, others = (found.flatten().nonzero().flatten() for found in (inside, ~inside))
    count = min(int(tokens.shape[1] * share), len(others))
    if not count or not len(corners):
        return None
    directions = tokens / tokens.norm(dim=-1, keepdim=True)
    likest, into = (directions[:, others] @ directions[:, corners].transpose(1, 2)).max(dim=-1)
    order = likest.argsort(dim=-1, descending=True)
    stay = torch.cat([corners.expand(len(tokens), -1), others[order[:, count:]]], dim=1)
    return Matched(stay, others[order[:, :count]], into.gather(1, order[:, :count]))


def _wide(places: Tensor, width: int) -> Tensor:
    return places[..., None].expand(-1, -1, width)
