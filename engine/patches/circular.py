"""Convolutions that see on at the opposite edge, so that pictures continue where they are laid side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.hooks import RemovableHandle

AXES = ("", "x", "y", "xy")  # which edges meet: none, left and right, top and bottom, all


@contextmanager
def padding(network: nn.Module, axes: str) -> Iterator[None]:
    """While it holds, the calls that this thread makes of a network are padded circularly along `axes`.

    What a convolution is given is filled up from the opposite edge, and what this makes too much of is cut off behind
    it: so the layer is called as ever, and what hangs on it for a LoRA sees the same.
    """
    with ExitStack() as stack:
        if axes:
            own = threading.get_ident()  # a VAE is called by other threads meanwhile
            for layer in network.modules():
                if isinstance(layer, nn.Conv2d) and layer.padding not in ((0, 0), 0):
                    for handle in _hung(layer, axes, own):
                        stack.callback(handle.remove)
        yield


def _hung(layer: nn.Conv2d, axes: str, own: int) -> tuple[RemovableHandle, RemovableHandle]:
    across, down = (_margin(layer, axis) if name in axes else 0 for name, axis in (("x", 1), ("y", 0)))
    sizes: list[tuple[int, int]] = []

    def before(_layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        if threading.get_ident() != own:
            return None
        sizes.append((_length(layer, 0, inputs[0].shape[-2]), _length(layer, 1, inputs[0].shape[-1])))
        return (wrapped(inputs[0], across, down), *inputs[1:])

    def after(_layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        if threading.get_ident() != own:
            return None
        height, width = sizes.pop()
        top, left = down // layer.stride[0], across // layer.stride[1]
        return output[..., top : top + height, left : left + width]

    return layer.register_forward_pre_hook(before), layer.register_forward_hook(after)


def wrapped(grid: Tensor, across: int, down: int) -> Tensor:
    """A grid (n, c, h, w) with so many cells of the opposite edge beyond each: `across` left and right, `down` above
    and below."""
    return functional.pad(grid, (across, across, down, down), mode="circular") if across or down else grid


def met(grid: Tensor, axis: int, beyond: int) -> Tensor:
    """A grid that goes on with itself at its end by so many cells, without them: they fade out over its beginning."""
    own = grid.narrow(axis, 0, grid.shape[axis] - beyond).clone()
    shape = [1] * grid.dim()
    shape[axis] = beyond
    rising = ((torch.arange(beyond, device=grid.device, dtype=grid.dtype) + 0.5) / beyond).view(shape)
    begun = own.narrow(axis, 0, beyond)
    begun.copy_(rising * begun + (1 - rising) * grid.narrow(axis, own.shape[axis], beyond))
    return own


def _margin(layer: nn.Conv2d, axis: int) -> int:
    """What is added on each side: as much as the layer pads itself, in whole strides, so that its steps fall on the
    same cells."""
    own = layer.padding[axis]
    assert isinstance(own, int)
    return -(-own // layer.stride[axis]) * layer.stride[axis]


def _length(layer: nn.Conv2d, axis: int, length: int) -> int:
    """The cells that the layer makes of so many."""
    own = layer.padding[axis]
    assert isinstance(own, int)
    reach = layer.dilation[axis] * (layer.kernel_size[axis] - 1) + 1
    return (length + 2 * own - reach) // layer.stride[axis] + 1
