"""Where rows are on their tapes, and how several take a step together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from engine.models import streams
from engine.sampling import replay
from engine.sampling.tape import Part, SamplerCall, Tape

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSource:
    """Where a row's noise comes from, in its own order, each (1, 4, h, w): the `normal` numbers that come next, or its
    Brownian `path` between two sigmas."""

    normal: Callable[[], Tensor]
    path: Callable[[float, float], Tensor]

    def drawn(self, part: Part) -> list[Tensor]:
        """The noise that a part takes."""
        return [self.normal() if told == ("normal",) else self.path(*told[1:]) for told in part.draws]


@dataclass(frozen=True, slots=True, eq=False)
class SamplerState:
    """What the samplers of some rows keep, each (n, 4, h, w) with one entry a row; `at` is the latents' place in it,
    and `each` has the rows' own, (1, 4, h, w)."""

    kept: tuple[Tensor, ...]
    at: int
    each: tuple[Tensor, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "each", torch.split(self.latents, 1))

    @property
    def latents(self) -> Tensor:
        """The latents, (n, 4, h, w)."""
        return self.kept[self.at]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was foreseen from: the latents of some rows before their last step, what of them the model was shown and
    what it said to it, guided, each (n, 4, h, w); and the row's own call, with its place among them."""

    latents: Tensor
    shown: Tensor
    prediction: Tensor
    stop: SamplerCall
    place: int

    def own(self, of: Tensor) -> Tensor:
        """The row's part of one of these."""
        return of[self.place : self.place + 1]


def columns(parts: Sequence[Sequence[Part]], device: torch.device = CPU) -> tuple[Tensor, ...]:
    """The numbers of several rows' parts, each (n, 1, 1, 1), on the device."""
    own = replay.numbers(parts)
    table = torch.tensor(own).view(len(own) // len(parts), len(parts), 1, 1, 1)
    return streams.sent(table, device).unbind(0)


class SamplerWay:
    """One row's way along a tape. It stays as it is until `go_on` is told what has become of it. `beside` are values
    that the tape takes besides the latents, each (1, 1 or 4, h, w)."""

    def __init__(self, tape: Tape, latents: Tensor, source: NoiseSource, beside: Sequence[Tensor] = ()) -> None:
        self._tape, self.source = tape, source
        self.at = 0  # calls made
        self.done = False
        known = [latents, *(one.expand_as(latents) for one in beside)]
        kept = replay.replayed(tape.before.code, columns([[tape.before]]), known, source.drawn(tape.before))
        self.state, self.place = SamplerState(tuple(kept), tape.begins), 0
        self.seen: Seen | None = None
        self.stop = tape[0]  # the call to come, in the end the last one
        self.drawn: object = None  # what of the noise for this step is there already (engine/sampling/ahead.py)

    @property
    def latents(self) -> Tensor:
        """The latents of the moment, (1, 4, h, w)."""
        return self.state.each[self.place]

    def go_over(self, tape: Tape) -> None:
        """Go on along another tape, which is the same up to here."""
        self._tape, self.drawn = tape, None
        self.stop = tape[self.at]

    def go_on(self, state: SamplerState, seen: Seen) -> None:
        """Take a step that was computed: its place in what came of it is that in what was seen."""
        self.state, self.place, self.seen, self.drawn = state, seen.place, seen, None
        self.at += 1
        self.done = self.stop.last
        if not self.done:
            self.stop = self._tape[self.at]


def gathered(ways: Sequence[SamplerWay], device: torch.device) -> tuple[Tensor, ...]:
    """What the samplers of several rows keep, on the device: as it is where these rows, and no others, took their last
    step together."""
    first = ways[0].state
    if first.latents.shape[0] == len(ways) and first.latents.device == device and all(
        way.state is first and way.place == place for place, way in enumerate(ways)
    ):  # fmt: skip
        return first.kept
    own = (way.state.kept for way in ways)
    return tuple(
        torch.cat([one[way.place : way.place + 1].to(device) for way, one in zip(ways, column, strict=True)])
        for column in zip(*own, strict=True)
    )


class SharedStep:
    """A step of rows that do the same at their calls: what the model is `shown`, (n, 4, h, w) on the device, then what
    becomes of them. Nothing of them is changed."""

    def __init__(self, ways: Sequence[SamplerWay], device: torch.device) -> None:
        self._ways, self._stops = ways, [way.stop for way in ways]
        self._first = self._stops[0]
        self._kept = gathered(ways, device)
        self._columns = columns([(stop.ask, stop.answer) for stop in self._stops], device)
        asked = self._columns[: len(self._first.ask.numbers)]
        told = [stop.ask.numbers for stop in self._stops]
        [self.shown] = replay.replayed(self._first.ask.code, asked, self._kept, (), told)

    def taken(self, predictions: Sequence[Tensor], noise: Sequence[Tensor]) -> tuple[SamplerState, list[Seen]]:
        """What the samplers keep after guided predictions (one, or where they want the negative's own two), with what
        each row has seen."""
        part = self._first.answer
        own = self._columns[len(self._first.ask.numbers) :]
        told = [stop.answer.numbers for stop in self._stops]
        kept = replay.replayed(part.code, own, [*self._kept, *predictions], noise, told)
        latents = self._kept[self._ways[0].state.at]
        seen = [Seen(latents, self.shown, predictions[0], stop, place) for place, stop in enumerate(self._stops)]
        return SamplerState(tuple(kept), self._first.latents), seen
