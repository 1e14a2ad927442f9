"""What a tape says, done to the latents of many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from engine.sampling.tape import Code, Operation, Part

_DONE: dict[Operation, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
}


def numbers(parts: Sequence[Sequence[Part]]) -> list[float]:
    """The numbers of several rows' parts as `columns` takes them, those of one kind beside each other."""
    flat = [[number for part in own for number in part.numbers] for own in parts]
    return [number for column in zip(*flat, strict=True) for number in column]


@torch.no_grad()
def replayed(code: Code, columns: Sequence[Tensor], known: Sequence[Tensor], noise: Sequence[Tensor]) -> list[Tensor]:
    """What is kept of a code for n rows: `known` and `noise` are (n, 4, h, w) each, `columns` (n, 1, 1, 1), the rows'
    numbers. Nothing that is given is written into."""
    values: list[Tensor | None] = [*known, *[None] * len(code.steps)]
    for made, told in zip(*_noises(code), strict=True) if noise else ():
        values[made] = noise[told]
    for done, left, left_of_value, right, right_of_value, into, out in _plan(code):
        one = values[left] if left_of_value else columns[left]
        other = values[right] if right_of_value else columns[right]
        values[into] = done(one, other, out=None if out is None else values[out])
    return [value for place in code.kept if (value := values[place]) is not None]


_Planned = tuple[Callable[..., Tensor], int, bool, int, bool, int, int | None]


@lru_cache(maxsize=1024)
def _plan(code: Code) -> tuple[_Planned, ...]:
    """What has to be done for what is kept: the operation, its operands each with whether it is a value, the place of
    the result, and that of a value of the code's own to write it into, as nobody wants it any more."""
    wanted = set(code.kept)
    steps = []
    for place, step in reversed([*enumerate(code.steps, code.known)]):
        if step is not None and place in wanted:
            steps.append((place, step))
            wanted |= {one for kind, one in step[1:] if kind == "value"}
    steps.reverse()
    last = {one: place for place, step in steps for kind, one in step[1:] if kind == "value"}
    own = {place for place, _ in steps} - set(code.kept)
    planned = []
    for place, (operation, left, right) in steps:
        free = [one for kind, one in (left, right) if kind == "value" and one in own and last[one] == place]
        operands = left[1], left[0] == "value", right[1], right[0] == "value"
        planned.append((_DONE[operation], *operands, place, free[0] if free else None))
    return tuple(planned)


@lru_cache(maxsize=1024)
def _noises(code: Code) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The places of the values that are noise, and which of the noises each is."""
    places = tuple(place for place, step in enumerate(code.steps, code.known) if step is None)
    return places, tuple(range(len(places)))
