"""UniPC (Zhao et al. 2023) as A1111 has it: third order, B(h) = h, even times from pure noise to the first timestep."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor

from engine.sampling.question import Question, Questions, Terms

ORDER = 3


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


def unipc(latents: Tensor, terms: Terms) -> Questions:
    times = _Times(terms.signal)
    count = len(terms.levels)
    # Of a picture drawn over, from where its noise is, off by a timestep, as there.
    start = min(1.0, (terms.levels[-1] + 1) / times.count) if terms.over else 1.0
    plan = [float(time) for time in np.linspace(start, 1 / times.count, count + 1)]
    order = min(ORDER, count)

    def seen(latents: Tensor, time: float, share: float) -> Questions:
        eps = yield Question(latents, (time - 1 / times.count) * times.count, share)
        signal, spread, _ = times.parts(time)
        return (latents - spread * eps) / signal

    shown = [(plan[0], (yield from seen(latents, plan[0], 0.0)))]  # what was seen when, newest first
    for step in range(1, count + 1):
        own = min(step, order, count + 1 - step) if step >= order else step
        time, (before, picture) = plan[step], shown[0]
        signal, spread, level = times.parts(time)
        _, spread_before, level_before = times.parts(before)
        way = level - level_before
        base = spread / spread_before * latents - signal * math.expm1(-way) * picture
        places = [(times.parts(past)[2] - level_before) / way for past, _ in shown[1:own]]
        bends = [(other - picture) / place for (_, other), place in zip(shown[1:own], places, strict=True)]
        matrix, target = _system([*places, 1.0], -way)
        latents = base
        for weight, bend in zip(_predicting(matrix, target), bends, strict=True):
            latents = latents + signal * way * weight * bend
        if step == count:
            break
        now = yield from seen(latents, time, step / count)
        weights = [0.5] if own == 1 else np.linalg.solve(matrix, target)
        latents = base
        for weight, bend in zip(weights, [*bends, now - picture], strict=True):
            latents = latents + signal * way * float(weight) * bend
        shown = [(time, now), *shown][:ORDER]
    return latents


def _system(places: Sequence[float], way: float) -> tuple[np.ndarray, np.ndarray]:
    """The equations whose solution are the weights of what was seen at the places (in steps from now)."""
    phi, factorial, target = math.expm1(way) / way - 1, 1, []
    for power in range(1, len(places) + 1):
        target.append(phi * factorial / way)
        factorial *= power + 1
        phi = phi / way - 1 / factorial
    matrix = np.vander(np.asarray(places), increasing=True).T
    return matrix, np.asarray(target)


def _predicting(matrix: np.ndarray, target: np.ndarray) -> list[float]:
    """The weights without what is seen at the step's end."""
    known = len(target) - 1
    if known < 2:  # of one, half is taken
        return [0.5] * known
    return [float(weight) for weight in np.linalg.solve(matrix[:-1, :-1], target[:-1])]
