"""What a tape says, done to the latents of many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor

from engine.sampling import soft
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
def replayed(
    code: Code,
    columns: Sequence[Tensor],
    known: Sequence[Tensor],
    noise: Sequence[Tensor],
    own: Sequence[Sequence[float]] = (),
) -> list[Tensor]:
    """What is kept of a code for n rows: `known` and `noise` are (n, 4, h, w) each, `columns` (n, 1, 1, 1), the rows'
    numbers, `own` the same row by row. Nothing that is given is written into."""
    values: list[Tensor | None] = [*known, *[None] * len(code.steps)]
    for made, told in zip(*_noises(code), strict=True) if noise else ():
        values[made] = noise[told]
    for done, operands, into, out in _plan(code):
        if done is None:
            values[into] = _mixed(operands, values, own)
            continue
        one, other = [values[place] if of_value else columns[place] for place, of_value in operands]
        values[into] = done(one, other, out=None if out is None else values[out])
    return [value for place in code.kept if (value := values[place]) is not None]


def _mixed(
    operands: Sequence[tuple[int, bool]], values: Sequence[Tensor | None], own: Sequence[Sequence[float]]
) -> Tensor:
    """Row by row, as torch computes some powers otherwise where there are several of them."""
    *given, (power, _), (boost, _) = operands
    clean, drawn, mask = (torch.split(value, 1) for place, _ in given if (value := values[place]) is not None)
    rows = zip(clean, drawn, mask, own, strict=True)
    return torch.cat([soft.mixed(old, new, grey[:, :1], n[power], n[boost]) for old, new, grey, n in rows])


_Planned = tuple[Callable[..., Tensor] | None, tuple[tuple[int, bool], ...], int, int | None]


@lru_cache(maxsize=1024)
def _plan(code: Code) -> tuple[_Planned, ...]:
    """What has to be done for what is kept: the operation (None mixes), its operands each with whether it is a value,
    the place of the result, and that of a value of the code's own to write it into, as nobody wants it any more."""
    wanted = set(code.kept)
    steps = []
    for place, step in reversed([*enumerate(code.steps, code.known)]):
        if step is not None and place in wanted:
            steps.append((place, step))
            wanted |= {one for kind, one in step[1] if kind == "value"}
    steps.reverse()
    last = {one: place for place, step in steps for kind, one in step[1] if kind == "value"}
    own = {place for place, _ in steps} - set(code.kept)
    planned = []
    for place, (operation, operands) in steps:
        free = [one for kind, one in operands if kind == "value" and one in own and last[one] == place]
        told = tuple((one, kind == "value") for kind, one in operands)
        planned.append((_DONE.get(operation), told, place, free[0] if free else None))
    return tuple(planned)


@lru_cache(maxsize=1024)
def _noises(code: Code) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The places of the values that are noise, and which of the noises each is."""
    places = tuple(place for place, step in enumerate(code.steps, code.known) if step is None)
    return places, tuple(range(len(places)))
