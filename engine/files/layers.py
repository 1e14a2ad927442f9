"""The layers that networks are made of, as names and shapes, and what a file lacks of those it should have. The tables
of whole networks are beside it: unet_layers, text_layers, vae_layers, tiny_layers, esrgan_layers. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.files.safetensors_header import Shapes

Layer = tuple[str, tuple[int, ...]]  # a tensor's name and its shape


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a network cannot be made of the tensors there are: a text key ("" where it can), how many tensors are
    missing or of another shape, and the first of them."""

    problem: str = ""
    count: int = 0
    first: str = ""

    def __bool__(self) -> bool:
        """Whether it cannot."""
        return bool(self.problem)

    def __str__(self) -> str:
        """For a log: what is wrong and where it begins."""
        return f"{self.problem}: {self.count} tensors, first {self.first}" if self.count else self.problem

    def within(self, prefix: str) -> Lack:
        """The same, its tensor named as in the file that the network is a part of."""
        return Lack(self.problem, self.count, prefix + self.first if self.first else "")


WHOLE = Lack()


def lacking(shapes: Shapes, wanted: Iterable[Layer], problem: str, *, pointwise: bool = False) -> Lack:
    """What is missing of these layers or of another shape. `pointwise`: a matrix may be a convolution of one pixel."""
    wrong = [
        name
        for name, shape in wanted
        if (found := shapes.get(name)) != shape and not (pointwise and len(shape) == 2 and found == (*shape, 1, 1))
    ]
    return Lack(problem, len(wrong), wrong[0]) if wrong else WHOLE


def conv(name: str, width: int, into: int, kernel: int = 3) -> Iterator[Layer]:
    """A convolution from `into` channels to `width`."""
    yield f"{name}.weight", (width, into, kernel, kernel)
    yield f"{name}.bias", (width,)


def linear(name: str, width: int, into: int, *, bias: bool = True) -> Iterator[Layer]:
    """A matrix from `into` numbers to `width`."""
    yield f"{name}.weight", (width, into)
    if bias:
        yield f"{name}.bias", (width,)


def norm(name: str, width: int) -> Iterator[Layer]:
    """A normalisation of so many channels."""
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def under(shapes: Shapes, prefix: str) -> Shapes:
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


def count(names: Iterable[str], pattern: str) -> int:
    """How many numbers stand where the group of the pattern is; names are matched from their beginning."""
    sign = re.compile(pattern)
    return len({found[1] for name in names if (found := sign.match(name))})


def side(shapes: Mapping[str, tuple[int, ...]], name: str, at: int) -> int:
    """One side of a tensor; 0 where there is none."""
    shape = shapes.get(name, ())
    return shape[at] if len(shape) > at else 0
