"""UniPC (Zhao et al. 2023) as A1111 has it, from pure noise to the first timestep: unless told otherwise of the third
order, with B(h) = h and even times."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from engine.sampling.question import Question, Questions, Terms


class _Times:
    """What a model's noise is at times in 0…1, straight between its timesteps' in the logarithm of the signal."""

    def __init__(self, signal: Tensor) -> None:
        self.count = len(signal)
        self._logs = 0.5 * signal.double().log().numpy()
        self._times = np.arange(1, self.count + 1) / self.count

    def parts(self, time: float) -> tuple[float, float, float]:
        """Signal, spread, and half the logarithm of their ratio squared."""
        log = float(np.interp(time, self._times, self._logs))
        spread = math.sqrt(-math.expm1(2 * log))
        return math.exp(log), spread, log - math.log(spread)

    def at(self, level: float) -> float:
        """The time at which that half logarithm is so much."""
        log = -0.5 * math.log1p(math.exp(-2 * level))
        return float(np.interp(log, self._logs[::-1], self._times[::-1]))

    def plan(self, skip: str, start: float, end: float, count: int) -> list[float]:
        """The times of so many steps."""
        match skip:
            case "logSNR":
                ends = self.parts(start)[2], self.parts(end)[2]
                return [start, *(self.at(float(level)) for level in np.linspace(*ends, count + 1)[1:-1]), end]
            case "time_quadratic":
                return [float(root**2) for root in np.linspace(start**0.5, end**0.5, count + 1)]
            case _:
                return [float(time) for time in np.linspace(start, end, count + 1)]


def unipc(latents: Tensor, terms: Terms) -> Questions:
    times = _Times(terms.signal)
    count = len(terms.levels)
    # Of a picture drawn over, from where its noise is, off by a timestep, as there.
    start = min(1.0, (terms.levels[-1] + 1) / times.count) if terms.over else 1.0
    plan = times.plan(terms.unipc.skip, start, 1 / times.count, count)
    order = min(terms.unipc.order, count)

    def seen(latents: Tensor, time: float, share: float) -> Questions:
        eps = yield Question(latents, (time - 1 / times.count) * times.count, share)
        signal, spread, _ = times.parts(time)
        return (latents - spread * eps) / signal

    shown = [(plan[0], (yield from seen(latents, plan[0], 0.0)))]  # what was seen when, newest first
    for step in range(1, count + 1):
        own = min(step, order, order if terms.unipc.high_end else max(count + 1 - step, 1))
        own = own if step >= order else step
        time, (before, picture) = plan[step], shown[0]
        signal, spread, level = times.parts(time)
        _, spread_before, level_before = times.parts(before)
        way = level - level_before
        base = spread / spread_before * latents - signal * math.expm1(-way) * picture
        places = [(times.parts(past)[2] - level_before) / way for past, _ in shown[1:own]]
        bends = [(other - picture) / place for (_, other), place in zip(shown[1:own], places, strict=True)]
        foreseen, mended = _weights(terms.unipc.variant, [*places, 1.0], -way)
        latents = base
        for weight, bend in zip(foreseen, bends, strict=True):
            latents = latents - signal * weight * bend
        if step == count:
            break
        now = yield from seen(latents, time, step / count)
        latents = base
        for weight, bend in zip(mended, [*bends, now - picture], strict=True):
            latents = latents - signal * weight * bend
        shown = [(time, now), *shown][:order]
    return latents


def _weights(variant: str, places: Sequence[float], way: float) -> tuple[list[float], list[float]]:
    """The weights of what was seen at the places (in steps from now, the last is the step's end): without what is seen
    at the end, and with it."""
    known = len(places) - 1
    phi, factorial, target = math.expm1(way) / way - 1, 1, []
    for power in range(1, len(places) + 1):
        target.append(phi * factorial)
        factorial *= power + 1
        phi = phi / way - 1 / factorial
    matrix = np.vander(np.asarray(places), increasing=True).T
    foreseen, mended = _solved(matrix[:-1, :-1], target[:-1]), _solved(matrix, target)
    if variant == "vary_coeff":
        # There the sums stop before their last term, and of what is seen at the end it is that term alone, by the
        # share of the one before it.
        shares = np.linalg.inv(matrix).T
        rest = (np.asarray(target)[:-1, None] * shares[:-1, :-1]).sum(0)
        last = target[-1] / (known + 1 if known else 1) * shares[max(known - 1, 0), -1]
        return foreseen, [*map(float, rest), float(last)]
    half = 0.5 * (way if variant == "bh1" else math.expm1(way))  # the first of either is not solved for
    return foreseen if known > 1 else [half] * known, mended if known else [half]


def _solved(matrix: np.ndarray, target: Sequence[float]) -> list[float]:
    return [float(weight) for weight in np.linalg.solve(matrix, np.asarray(target))] if target else []
