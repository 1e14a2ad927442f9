"""Where a UNet's transformer blocks lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class AttentionPlace:
    """A transformer block: how often the latents are halved where it lies (`level`), its `number` in its transformer,
    and whether that is the middle's."""

    block: Any
    level: int
    number: int
    middle: bool = False

    def cells(self, latents: tuple[int, int]) -> tuple[int, int]:
        """The height and width of what it attends to, for latents of this height and width."""
        return -(-latents[0] // 2**self.level), -(-latents[1] // 2**self.level)


def places(unet: Any) -> Iterator[AttentionPlace]:
    """Every transformer block of a UNet."""
    last = len(unet.down_blocks) - 1
    levels = [*enumerate(unet.down_blocks), *((last - number, block) for number, block in enumerate(unet.up_blocks))]
    for level, block in levels:
        yield from _of(block, level)
    if unet.mid_block is not None:
        yield from _of(unet.mid_block, last, middle=True)


def _of(block: Any, level: int, *, middle: bool = False) -> Iterator[AttentionPlace]:
    for transformer in getattr(block, "attentions", ()):
        for number, one in enumerate(transformer.transformer_blocks):
            yield AttentionPlace(one, level, number, middle)
