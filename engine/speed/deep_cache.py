"""The "fast" quality: at every second step a UNet's deep levels rest, and what they gave the step before serves again.

From step to step the deep levels, which see the whole picture coarsely, change little; so only the outermost level is
computed anew (after DeepCache: Ma, Fang and Wang 2023, who rest part of that level too).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def kept(unet: Any) -> Iterator[list[Tensor]]:
    """While it holds, a call leaves what its deep levels gave in the list, (entries, channels, height, width)."""
    given: list[Tensor] = []
    hook = unet.up_blocks[-2].register_forward_hook(lambda _block, _inputs, output: given.append(output))
    try:
        yield given
    finally:
        hook.remove()


@contextmanager
def reused(unet: Any, deep: Tensor) -> Iterator[None]:
    """While it holds, a call computes the outermost level only, around deep levels that gave `deep` before."""

    def down(block: Any) -> Callable[..., object]:
        # So many connections to the way up; the stand-ins there take whatever they are given.
        count = len(block.resnets) + len(block.downsamplers or ())
        return lambda hidden_states, *_, **__: (hidden_states, (hidden_states,) * count)

    resting: list[tuple[nn.Module, Callable[..., object]]] = [(block, down(block)) for block in unet.down_blocks[1:]]
    if unet.mid_block is not None:
        resting.append((unet.mid_block, lambda hidden_states, *_, **__: hidden_states))
    resting += [(block, lambda *_, **__: deep) for block in unet.up_blocks[:-1]]
    before = [(block, block.__dict__.get("forward")) for block, _ in resting]
    for block, stand_in in resting:
        block.__dict__["forward"] = stand_in
    try:
        yield
    finally:
        for block, own in before:
            if own is None:
                del block.__dict__["forward"]
            else:
                block.__dict__["forward"] = own
