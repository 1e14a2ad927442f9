"""A sampler's arithmetic written down: what it does to latents at each call, the numbers that it does it with beside.

Samplers only ever add, subtract, multiply and divide latents, by numbers that follow from the settings and not from the
picture (and mix them with another picture's, where a part of it is redrawn softly). So one run over latents of three
numbers tells all of it, and rows whose sampler does the same at a call can do it together (engine/sampling/replay.py):
in the same order, each with its own numbers, and so with the same result to the bit as each alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakIdKeyDictionary

STAND_IN = (1, 3, 1, 1)  # the shape of the latents that a tape is made with

# The last one mixes what is drawn with what is kept, as soft inpainting does (engine/sampling/soft.py).
Operation = Literal["add", "sub", "mul", "div", "mixed"]
# A value by its place among those known so far, or one of the call's own numbers by its place among them.
Operand = tuple[Literal["value", "number"], int]
Step = tuple[Operation, tuple[Operand, ...]]
# Where a step's noise comes from: a generator's next numbers, or a Brownian path between two sigmas.
Draw = tuple[Any, ...]


class NotLinear(Exception):
    """A sampler did something that cannot be written down."""


@dataclass(frozen=True, slots=True)
class Code:
    """What is done, without the numbers. Values count from 0: first the `known`, then what each step makes, a result or
    (None) the next noise. `kept` are the values that are wanted afterwards."""

    known: int
    steps: tuple[Step | None, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A code with its numbers and its noise."""

    code: Code
    numbers: tuple[float, ...]
    draws: tuple[Draw, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SamplerCall:
    """A call of the model on a sampler's way, at a timestep, with `share` (0…1) of the way behind it and, in A1111's
    way, at a `level`. `ask` makes what the model is shown from what is kept, `answer` what is kept from then on from
    that and the prediction (two, where the sampler wants the negative's own as well); `latents` is the place among it
    of the latents. `last`: no call comes after it."""

    time: float
    share: float
    level: float
    ask: Part
    answer: Part
    latents: int
    last: bool


class Recording(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it holds, what is done with known stand-ins is written down."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._places: MutableMapping[Tensor, int] = WeakIdKeyDictionary()
        self._pairs: MutableMapping[Tensor, tuple[Tensor, ...]] = WeakIdKeyDictionary()
        self._known = 0
        self._steps: list[Step | None] = []
        self._numbers: list[float] = []
        self._draws: list[Draw] = []

    def stand_in(self) -> Tensor:
        """One more known value; before anything is done with it."""
        assert not self._steps
        made = torch.full(STAND_IN, 0.5)
        self._places[made] = self._known
        self._known += 1
        return made

    def drawn(self, *told: Any) -> Tensor:
        """Noise from somewhere, which the draw tells."""
        return self._noted(torch.full(STAND_IN, 0.25), None, told)

    def mixed(self, clean: Tensor, drawn: Tensor, mask: Tensor, power: float, boost: float) -> Tensor:
        """What soft inpainting makes of known values, which is no sum of them."""
        operands = tuple(self._operand(one) for one in (clean, drawn, mask, power, boost))
        return self._noted(torch.full(STAND_IN, 0.5), ("mixed", operands), None)

    def asked(self, shown: Tensor) -> Part:
        """What has been done to make what the model is shown; all else of it is forgotten."""
        place = self._places.get(shown)
        if place is None:
            raise NotLinear("what is shown is not made of the latents")
        made = self._part((place,))
        for tensor, own in list(self._places.items()):
            if own >= self._known:
                del self._places[tensor]
        return made

    def done(self, latents: Tensor) -> tuple[Part, int]:
        """What has been done since then, with the place of the latents among what is kept: they and whatever the
        sampler still holds, which is known from now on."""
        held: dict[int, list[Tensor]] = {}
        for tensor, place in list(self._places.items()):
            held.setdefault(place, []).append(tensor)
        kept = sorted(held)
        if latents not in self._places:
            raise NotLinear("the latents are not made of the latents")
        made = self._part(tuple(kept))
        for place, tensors in held.items():
            for tensor in tensors:
                self._places[tensor] = kept.index(place)
        self._known = len(kept)
        return made, self._places[latents]

    def _part(self, kept: tuple[int, ...]) -> Part:
        code = Code(self._known, tuple(self._steps), kept)
        made = Part(_codes.setdefault(code, code), tuple(self._numbers), tuple(self._draws))
        self._steps, self._numbers, self._draws = [], [], []
        return made

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name, _, overload = func.__name__.partition(".")
        if name == "randn" and overload == "generator" and result.ndim == len(STAND_IN):
            return self._noted(result, None, ("normal",))
        parts = args[0] if name in ("stack", "cat") else args
        known = [one for one in parts if isinstance(one, Tensor) and (one in self._places or one in self._pairs)]
        if not known:
            return result
        match name:
            case "add" | "sub" | "mul" | "div" if overload == "Tensor" and not kwargs:
                operands = tuple(self._operand(one) for one in args)
                return self._noted(result, (name, operands), None)
            case "cat" if len(parts) == 2 == len(known) and result.shape[0] == 2:
                self._pairs[result] = tuple(parts)
            case "slice" if args[0] in self._pairs:
                self._places[result] = self._places[self._pairs[args[0]][int(args[2] or 0)]]
            case "stack" | "unsqueeze" | "permute" | "view" | "clone" | "_to_copy" | "detach" | "alias":
                if len(known) > 1 or result.numel() != known[0].numel() or result.dtype != torch.float32:
                    raise NotLinear(str(func))
                self._places[result] = self._places[known[0]]
            case _:
                raise NotLinear(str(func))
        return result

    def _operand(self, given: Any) -> Operand:
        if isinstance(given, Tensor) and given in self._places:
            return "value", self._places[given]
        if isinstance(given, Tensor) and (given.numel() > 1 or (given.ndim and given.dtype == torch.float64)):
            raise NotLinear("the numbers differ from pixel to pixel")
        self._numbers.append(float(given))
        return "number", len(self._numbers) - 1

    def _noted(self, result: Tensor, step: Any, draw: Draw | None) -> Tensor:
        if result.dtype != torch.float32:
            raise NotLinear(f"latents in {result.dtype}")
        if draw is not None:
            self._draws.append(draw)
        self._places[result] = self._known + len(self._steps)
        self._steps.append(step)
        return result


_codes: dict[Code, Code] = {}  # one of each, so that rows that do the same are found by identity


# First what comes before the first call, with the place of the latents in what is kept of it; then each call.
Written = Generator["tuple[Part, int] | SamplerCall", None, None]


class Tape:
    """The way of a sampler with its settings, written down call by call, on any thread. `written` does that with a
    recording: it gives what is done before the first call, then a stop for each."""

    def __init__(self, written: Callable[[Recording], Written]) -> None:
        self._writing = written(Recording())
        self._lock = threading.Lock()
        begun = next(self._writing)
        assert isinstance(begun, tuple)
        self.before, self.begins = begun
        self._stops: list[SamplerCall] = []

    def __getitem__(self, at: int) -> SamplerCall:
        while len(self._stops) <= at:
            self._write(at)
        return self._stops[at]

    def write_on(self) -> None:
        """Write the rest of it, as far as its end."""
        at = 0
        while not self[at].last:
            at += 1

    def _write(self, at: int) -> None:
        with self._lock:
            if len(self._stops) == at:
                stop = next(self._writing)
                assert isinstance(stop, SamplerCall)
                self._stops.append(stop)
