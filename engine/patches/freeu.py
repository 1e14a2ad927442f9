"""FreeU: what comes from below on a UNet's way up made stronger, the low frequencies of what comes across weaker.

Source: Si, Huang, Jiang and Liu 2023, "FreeU: Free Lunch in Diffusion U-Net"; as diffusers' `enable_freeu` computes it,
or in A1111's way as Forge does, which tells levels by their channels and scales by where features are strong.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.recipe import FreeU

Scale = tuple[FreeU | None, bool]  # of an entry, and whether it is drawn in A1111's way


@contextmanager
def scaling(unet: Any, scales: Sequence[Scale]) -> Iterator[None]:
    """While it holds, entry i of the UNet's batch has the FreeU `scales[i]`."""
    with ExitStack() as stack:
        if any(scale for scale, _ in scales):
            base, below = int(unet.config.block_out_channels[0]), int(unet.config.block_out_channels[-1])
            for number, block in enumerate(unet.up_blocks):
                for resnet in block.resnets:
                    if here := _chosen(scales, number, {4 * base: 0, 2 * base: 1}.get(below)):
                        stack.callback(resnet.register_forward_pre_hook(_Scaled(below, here)).remove)
                    below = int(resnet.out_channels)
        yield


def _chosen(scales: Sequence[Scale], block: int, channels: int | None) -> dict[int, tuple[float, float, bool]]:
    """The scales of the entries, b, s and whether as Forge does: which of the two is said by the block, counted from
    below, or by its channels."""
    made: dict[int, tuple[float, float, bool]] = {}
    for entry, (scale, like) in enumerate(scales):
        which = channels if like else block
        if scale and which == 0:
            made[entry] = scale.b1, scale.s1, like
        elif scale and which == 1:
            made[entry] = scale.b2, scale.s2, like
    return made


class _Scaled:
    """A hook before a block's layer, which is given what comes from below, of so many `channels`, and what comes
    across, one behind the other."""

    def __init__(self, channels: int, scales: dict[int, tuple[float, float, bool]]) -> None:
        self._channels = channels
        self._scales = scales

    def __call__(self, _layer: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        joined = inputs[0].clone()
        for entry, (b, s, like) in self._scales.items():
            half = joined[entry, : self._channels // 2]
            half *= _strong(joined[entry, : self._channels], b) if like else b
            across = joined[entry, self._channels :]
            if s != 1:
                across += (s - 1) * _low(across.float()).to(across.dtype)
        return (joined, *inputs[1:])


def _strong(below: Tensor, b: float) -> Tensor:
    """1 where features (channels, h, w) are weakest to `b` where they are strongest, (h, w)."""
    mean = below.mean(0)
    least, most = mean.amin(), mean.amax()
    span = (most - least).clamp_min(torch.finfo(mean.dtype).tiny)  # features that are equal everywhere are weak
    return (b - 1) * (mean - least) / span + 1


def _low(grid: Tensor) -> Tensor:
    """What of a grid (channels, h, w) lies in its four lowest frequencies, those 0 and -1 along each side: the real
    part of Fourier's sum over them, which is two products of matrices along each side."""
    (by_row, by_row_), (by_column, by_column_) = (_projection(side, grid.device) for side in grid.shape[-2:])
    return by_row @ grid @ by_column + by_row_ @ grid @ by_column_


def _projection(length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The projection on the frequencies 0 and -1 of so many cells, real and imaginary part, as matrices."""
    if length == 1:  # which has one frequency
        return torch.ones(1, 1, device=device), torch.zeros(1, 1, device=device)
    at = torch.arange(length, device=device, dtype=torch.float32)
    angles = (at[:, None] - at[None, :]) * (2 * math.pi / length)
    return (1 + torch.cos(angles)) / length, -torch.sin(angles) / length
