"""What the nets of a batch add inside the UNet's call: each net is asked once, with all entries that want it now."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.controls.guide import Guide
from engine.models import streams
from engine.patches import circular
from engine.speed.batched_call import Call


@dataclass(frozen=True, slots=True, eq=False)
class Follower:
    """Entries of a batch, from `first` to before `end`, that follow a guide in this call."""

    guide: Guide
    first: int
    end: int

    @property
    def count(self) -> int:
        """How many entries they are."""
        return self.end - self.first


@dataclass(slots=True, eq=False)
class Residuals:
    """What the UNet is told besides by the nets: `down` for its skip connections, from the outermost inwards, `middle`
    for its middle, `features` for its levels on the way down, entries first; None where no net says anything.
    `seconds` is what each follower's net took for it."""

    down: tuple[Any, ...] | None = None
    middle: Any = None
    features: list[Tensor] | None = None
    seconds: list[float] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.down is not None or self.features is not None

    @property
    def told(self) -> dict[str, Any]:
        """The arguments of the UNet. It empties the list of features: they are handed over afresh each time."""
        told: dict[str, Any] = {}
        if self.down is not None:
            told |= {
                "down_block_additional_residuals": self.down,
                "mid_block_additional_residual": self.middle,
            }
        if self.features is not None:
            told["down_intrablock_additional_residuals"] = list(self.features)
        return told

    def shallow(self, layers: int) -> Residuals:
        """Those of a call whose deep levels rest, around stand-ins to which nothing may be added: the outermost level
        has one before its `layers` and one behind each."""
        if self.down is None:
            return Residuals(features=self.features and self.features[:1], seconds=self.seconds)
        none = [torch.zeros((), dtype=one.dtype, device=one.device) for one in self.down[1 + layers :]]
        down = (*self.down[: 1 + layers], *none)
        middle = torch.zeros((), dtype=self.middle.dtype, device=self.middle.device)
        return Residuals(down, middle, self.features and self.features[:1], self.seconds)


def residuals(followers: Sequence[Follower], call: Call, tiling: str = "") -> Residuals:
    """What all followers add to a call, zeros for every other entry; `tiling` are the axes whose edges meet. They are
    summed up in float32, however the UNet computes, each with its weight, its mode's and its mask."""
    made = Residuals(seconds=[0.0] * len(followers))
    asked: dict[tuple[int, int | None], list[int]] = {}
    sums: dict[int, Tensor] = {}
    levels: dict[int, Tensor] = {}
    for number, follower in enumerate(followers):
        if follower.guide.net.kind == "adapter":
            _add(levels, [follower], follower.guide.features, call)
        else:
            asked.setdefault((id(follower.guide.net.network), follower.guide.type), []).append(number)
    for numbers in asked.values():
        own = [followers[number] for number in numbers]
        began = time.monotonic()
        answer = _answer(own, call, tiling)
        _add(sums, own, answer, call)
        passed = time.monotonic() - began
        entries = sum(follower.count for follower in own)
        for number in numbers:
            made.seconds[number] = passed * followers[number].count / entries
    if sums:
        *down, made.middle = (_settled(sums[level], call) for level in sorted(sums))
        made.down = tuple(down)
    if levels:
        made.features = [_settled(levels[level], call) for level in sorted(levels)]
    return made


def _answer(followers: Sequence[Follower], call: Call, tiling: str) -> list[Tensor]:
    """A net's residuals for the entries of all these followers, one follower behind the other, the middle's last."""
    guide = followers[0].guide
    index = _index(followers, call)
    hints = [
        follower.guide.hint.expand(follower.count, -1, -1, -1)
        for follower in followers
        if follower.guide.hint is not None
    ]
    added: Mapping[str, Tensor] | None = None
    if call.added:
        added = {name: one[index] for name, one in call.added.items()}
    with circular.padding(guide.net.network.body, tiling):
        down, middle = guide.net.residuals(
            call.samples[index, :4], call.times[index], call.words[index], torch.cat(hints), added, guide.type
        )
    return [*down, middle]


def _add(sums: dict[int, Tensor], followers: Sequence[Follower], answer: Sequence[Tensor], call: Call) -> None:
    """Add what a net answered to the entries that asked for it, each with its weight and its mask."""
    index = _index(followers, call)
    weights = [follower.guide.weights(len(answer)) for follower in followers]
    masked = any(follower.guide.mask is not None for follower in followers)
    for level, one in enumerate(answer):
        listed = [own[level] for own, follower in zip(weights, followers, strict=True) for _ in range(follower.count)]
        share = streams.sent(torch.tensor(listed, dtype=torch.float32), one.device).view(-1, 1, 1, 1)
        if masked:
            size = _size(followers[0].guide, level, one, call)
            share = share * torch.cat([_masked(follower, size, one) for follower in followers])
        weighed = one.float() * share
        whole = sums.get(level)
        if whole is None:
            whole = weighed.new_zeros((call.entries, *weighed.shape[1:]))
        shape = tuple(map(max, whole.shape[1:], weighed.shape[1:]))
        if whole.shape[1:] != shape:  # a net whose answer has no place came first
            whole = whole.expand(-1, *shape).contiguous()
        sums[level] = whole.index_add_(0, index, weighed.expand(len(index), *shape))


def _masked(follower: Follower, size: tuple[int, int], like: Tensor) -> Tensor:
    mask = follower.guide.masked(size)
    return (like.new_ones((1, 1, *size), dtype=torch.float32) if mask is None else mask).expand(
        follower.count, -1, -1, -1
    )


def _size(guide: Guide, level: int, answer: Tensor, call: Call) -> tuple[int, int]:
    """The height and width of a level, which what is pooled does not have."""
    height, width = answer.shape[-2:]
    if not guide.net.pooled:
        return height, width
    height, width = call.samples.shape[-2:]
    found = [(height, width)]
    for block in guide.net.network.body.down_blocks:
        found += [(height, width)] * len(block.resnets)
        if block.downsamplers:
            height, width = -(-height // 2), -(-width // 2)
            found.append((height, width))
    return (*found, (height, width))[level]


def _index(followers: Sequence[Follower], call: Call) -> Tensor:
    places = [place for follower in followers for place in range(follower.first, follower.end)]
    return streams.sent(torch.tensor(places), call.samples.device)


def _settled(whole: Tensor, call: Call) -> Tensor:
    return whole.to(call.samples.dtype)
