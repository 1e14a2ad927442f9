"""A walk: one row's way through a sampler, held still wherever the sampler wants the model's view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from engine.recipe import Soft
from engine.sampling.levels import Denoiser
from engine.sampling.question import Question, Questions
from engine.sampling.soft import mixed, power
from engine.sampling.tape import Tape
from engine.sampling.way import SamplerWay, SharedStep

LAST = 999  # timestep of every model that A1111 knows


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The rest of a picture of which a part is redrawn: its latents, and a mask (1, 1, h, w) that is 1 where to
    redraw, with the `rest` of it. `before` puts it back into what the model is shown, else into what it answers. With
    `soft` the mask may be grey, and how much is put back falls from level to level; `mix` does it."""

    clean: Tensor
    mask: Tensor
    rest: Tensor
    before: bool
    soft: Soft | None = None
    mix: Callable[[Tensor, Tensor, Tensor, float, float], Tensor] = mixed

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What of it is as large as the picture, in the order that it is made of."""
        return self.clean, self.mask, self.rest

    def on(self, device: torch.device) -> Surroundings:
        """The same on a device."""
        return replace(self, clean=self.clean.to(device), mask=self.mask.to(device), rest=self.rest.to(device))

    def put(self, latents: Tensor, level: float) -> Tensor:
        """The latents of a level with the rest put back."""
        if self.soft:
            return self.mix(self.clean, latents, self.mask, power(level, self.soft), self.soft.boost)
        return latents * self.mask + self.clean * self.rest

    def finished(self, latents: Tensor) -> Tensor:
        """The finished latents with the rest put back; softly that has been done."""
        return latents if self.soft else self.put(latents, 0.0)


@dataclass(frozen=True, slots=True)
class Skipping:
    """Which of so many `calls` go without the negative: those of the `early` share of them, and below the sigma `ngms`
    every second one, or `every` one."""

    calls: int = 1
    early: float = 0.0
    ngms: float = 0.0
    every: bool = False

    def skips(self, call: int, level: float) -> bool:
        """Whether it is left out of a call (counted from 0) at a level."""
        early = self.early > 0 and call / self.calls <= self.early
        return early or ((call % 2 == 1 or self.every) and level < self.ngms)


class Asking:
    """A sampler that is asked step by step, of one row alone. `kept` is the rest of a picture of which only a part is
    redrawn."""

    def __init__(self, asks: Questions, denoiser: Denoiser, kept: Surroundings | None = None) -> None:
        self._asks, self.denoiser, self.kept = asks, denoiser, kept
        self.calls = 0
        self.done = False
        self.clean: Tensor | None = None
        self._ask: Question = next(asks)

    def ask_another(self, denoiser: Denoiser, model: Any) -> None:
        """Have another model asked from here on."""
        self.denoiser = denoiser

    @property
    def latents(self) -> Tensor:
        """The latents that are asked about, in the end the finished ones."""
        return self._ask.latents

    @property
    def share(self) -> float:
        """How much of the way lies behind it, in 0…1."""
        return self._ask.share

    @property
    def level(self) -> float:
        """The level of the call to come."""
        return self._ask.level

    @property
    def time(self) -> float:
        """Its timestep."""
        return self.denoiser.time(self._ask.level)

    @property
    def input(self) -> Tensor:
        """What the model is to be shown."""
        return self.denoiser.input(self._shown, self._ask.level)

    @property
    def _shown(self) -> Tensor:
        return self.kept.put(self.latents, self._ask.level) if self.kept and self.kept.before else self.latents

    def answer(self, prediction: Tensor) -> None:
        """Go on with what the model has predicted."""
        shown, level = self._shown, self._ask.level
        answer = self.denoiser.answer(shown, level, prediction)
        self.clean = self.denoiser.clean(shown, level, prediction[:1])
        if self.kept:
            self.clean = self.kept.put(self.clean, level)
            if not self.kept.before:
                answer = self.kept.put(answer, level)
        self.calls += 1
        try:
            self._ask = self._asks.send(answer)
        except StopIteration as end:
            latents: Tensor = end.value
            self.done = True
            self._ask = Question(self.kept.finished(latents) if self.kept else latents, 0.0, 1.0)


class Taped:
    """A sampler whose tape is followed, so that its row may take its steps together with others. `handed_over` gives
    the tape of one that asks another model from a call on."""

    def __init__(
        self,
        way: SamplerWay,
        denoiser: Denoiser,
        kept: Surroundings | None,
        handed_over: Callable[[int, Denoiser, Any], Tape],
    ) -> None:
        self.way, self.denoiser, self.kept = way, denoiser, kept
        self._handed_over = handed_over
        self._before = 0, denoiser  # calls made when another model came, and who was asked until then

    @property
    def latents(self) -> Tensor:
        """The latents that are asked about, in the end the finished ones."""
        return self.way.latents

    @property
    def calls(self) -> int:
        """The calls made."""
        return self.way.at

    @property
    def done(self) -> bool:
        """Whether there are no more."""
        return self.way.done

    @property
    def share(self) -> float:
        """How much of the way lies behind it, in 0…1."""
        return 1.0 if self.way.done else self.way.stop.share

    @property
    def level(self) -> float:
        """The level of the call to come."""
        return 0.0 if self.way.done else self.way.stop.level

    @property
    def time(self) -> float:
        """Its timestep."""
        return self.denoiser.time(0.0) if self.way.done else self.way.stop.time

    @property
    def input(self) -> Tensor:
        """What the model is to be shown."""
        return SharedStep([self.way], self.latents.device).shown

    @property
    def clean(self) -> Tensor | None:
        """The picture foreseen at the last call, as latents."""
        seen = self.way.seen
        if seen is None:
            return None
        latents, level = seen.own(seen.latents), seen.stop.level
        kept = self.kept.on(latents.device) if self.kept else None
        shown = kept.put(latents, level) if kept and kept.before else latents
        clean = self._asked_of.clean(shown, level, seen.own(seen.prediction))
        return kept.put(clean, level) if kept else clean

    @property
    def _asked_of(self) -> Denoiser:
        """Whom the last call asked."""
        at, before = self._before
        return before if self.way.at <= at else self.denoiser

    def ask_another(self, denoiser: Denoiser, model: Any) -> None:
        """Have another model asked from here on."""
        self._before = self.way.at, self.denoiser
        self.way.go_over(self._handed_over(self.way.at, denoiser, model))
        self.denoiser = denoiser

    def answer(self, prediction: Tensor) -> None:
        """Go on alone with what the model has predicted."""
        step = SharedStep([self.way], self.latents.device)
        state, [seen] = step.taken(torch.split(prediction, 1), self.way.source.drawn(self.way.stop.answer))
        self.way.go_on(state, seen)


class Walk:
    """The way of one row. While it is not `done` the model is to be asked about `input` at the timestep `time`, and its
    prediction given to `answer`; `latents` are those of the moment and in the end the picture's.

    `calls` counts the answers, as A1111 counts its steps. `planned` is how many are to be expected in all. `skipping`
    says which go without the negative. `plus` says that the sampler wants the negative's own prediction too, behind
    the guided one (CFG++), and takes a 12.5th of the guidance. One that goes `alone` shares no call of the model: its
    steps follow what it sees so closely that the last bit, which company may change, would be seen in the picture.
    """

    def __init__(
        self,
        taking: Asking | Taped,
        planned: int,
        *,
        skipping: Skipping = Skipping(),
        plus: bool = False,
        alone: bool = False,
    ) -> None:
        self._taking, self._skipping = taking, skipping
        self.planned, self.plus, self.alone = planned, plus, alone

    @property
    def way(self) -> SamplerWay | None:
        """The row's way, where it follows a tape."""
        return self._taking.way if isinstance(self._taking, Taped) else None

    @property
    def kept(self) -> Surroundings | None:
        """What is around it where a part of a picture is redrawn."""
        return self._taking.kept

    @property
    def calls(self) -> int:
        """The answers that it was given."""
        return self._taking.calls

    @property
    def done(self) -> bool:
        """Whether the picture only needs decoding."""
        return self._taking.done

    @property
    def clean(self) -> Tensor | None:
        """The picture foreseen at the last call, as latents."""
        return self._taking.clean

    @property
    def latents(self) -> Tensor:
        """The latents that are asked about, in the end the finished ones."""
        return self._taking.latents

    @property
    def share(self) -> float:
        """How much of the way lies behind it, in 0…1."""
        return self._taking.share

    @property
    def time(self) -> float:
        """The timestep of the call to come, which may lie between two."""
        return self._taking.time

    @property
    def input(self) -> Tensor:
        """What the model is to be shown."""
        return self._taking.input

    @property
    def left(self) -> int:
        """The calls to come, at least one while it is not done."""
        return 0 if self.done else max(1, self.planned - self.calls)

    @property
    def skips(self) -> bool:
        """Whether the negative is left out of the call to come."""
        return self._skipping.skips(self.calls, self._taking.level)

    def behind(self, *, by_steps: bool = False) -> float:
        """The share of the model's timesteps that the call to come finds behind it, as A1111 asks for its refiner; or
        of the calls."""
        if by_steps:
            return self.calls / self._skipping.calls
        return (LAST - self._taking.denoiser.nearest(self._taking.level)) / (LAST + 1)

    def ask_another(self, denoiser: Denoiser, model: Any) -> None:
        """Have another model asked from here on."""
        self._taking.ask_another(denoiser, model)

    def answer(self, prediction: Tensor) -> None:
        """Go on with what the model has predicted, (1, 4, h, w), or (2, 4, h, w) where `plus` wants both."""
        self._taking.answer(prediction)
