"""Calls of a tiny UNet."""

from __future__ import annotations

import torch

from engine.speed.batched_call import Call


def call(entries: int, side: int = 8, tokens: int = 77, width: int = 32) -> Call:
    generator = torch.Generator().manual_seed(entries * side + tokens)
    return Call(
        torch.randn(entries, 4, side, side, generator=generator),
        torch.rand(entries, generator=generator) * 900,
        torch.randn(entries, tokens, width, generator=generator),
    )
