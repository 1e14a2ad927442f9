"""DPM-Solver (Lu et al. 2022) in steps of its own: DPM fast by the number of calls, DPM adaptive by its error."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from engine.sampling.question import Question, Questions, Terms, parted

# DPM adaptive's own: tolerances, the length of the first step, what of a proposal is still taken.
RELATIVE, ABSOLUTE, FIRST, ACCEPTED = 0.05, 0.0078, 0.05, 0.81
ORDER = 3
NEAR = 1e-5  # so near to the end is there
MOST_TRIES = 300  # a model that answers without sense would have it go on for ever


def _seen(latents: Tensor, time: float, share: float) -> Questions:
    """The noise that the model sees. A time is -log(sigma)."""
    sigma = math.exp(-time)
    denoised = yield Question(latents, sigma, share)
    return (latents - denoised) / sigma


def _noised(latents: Tensor, eps: Tensor, time: float, way: float) -> Tensor:
    """A first-order step."""
    return latents - math.exp(-time - way) * math.expm1(way) * eps


def _second(latents: Tensor, eps: Tensor, near: Tensor, time: float, way: float, part: float) -> Tensor:
    """A second-order step; `near` is the noise seen after `part` of it."""
    pull = math.exp(-time - way) / (2 * part) * math.expm1(way)
    return _noised(latents, eps, time, way) - pull * (near - eps)


def _third(latents: Tensor, eps: Tensor, near: Tensor, time: float, way: float, share: float) -> Questions:
    """A third-order step; `near` is the noise seen after a third of it."""
    part = way * 2 / 3
    there = _noised(latents, eps, time, part)
    there = there - math.exp(-time - part) * 2 * (math.expm1(part) / part - 1) * (near - eps)
    far = yield from _seen(there, time + part, share)
    pull = math.exp(-time - way) * 1.5 * (math.expm1(way) / way - 1)
    return _noised(latents, eps, time, way) - pull * (far - eps)


def _down(time: float, after: float, end: float, eta: float) -> tuple[float, float]:
    """The time to go to and the spread of the noise to add then, for a step that is to end at `after`."""
    if not eta:
        return after, 0.0
    down, _ = parted(math.exp(-time), math.exp(-after), eta)
    to = min(end, -math.log(down)) if down else end
    return to, max(math.exp(-after) ** 2 - math.exp(-to) ** 2, 0.0) ** 0.5


def dpm_fast(latents: Tensor, terms: Terms) -> Questions:
    start, end = -math.log(terms.most), -math.log(terms.least)
    if end - start < NEAR:  # a single step over a picture: there is no way to go
        return (yield Question(latents, terms.most, 0.0))
    count = terms.steps // 3 + 1
    times = [float(time) for time in np.linspace(start, end, count + 1)]
    orders = [3] * (count - 2) + [2, 1] if terms.steps % 3 == 0 else [3] * (count - 1) + [terms.steps % 3]
    calls = 0
    for order, time, after in zip(orders, times, times[1:], strict=False):
        to, up = _down(time, after, end, terms.eta)
        way = to - time
        eps = yield from _seen(latents, time, calls / terms.steps)
        if order == 1:
            latents = _noised(latents, eps, time, way)
        else:
            part = way / order
            near = yield from _seen(_noised(latents, eps, time, part), time + part, (calls + 1) / terms.steps)
            if order == 2:
                latents = _second(latents, eps, near, time, way, 1 / 2)
            else:
                latents = yield from _third(latents, eps, near, time, way, (calls + 2) / terms.steps)
        latents = latents + up * terms.spread * terms.noise()
        calls += order
    return latents


def dpm_adaptive(latents: Tensor, terms: Terms) -> Questions:
    """Steps of the third order, as long as those of the second come to nearly the same; three calls each."""
    start, end = -math.log(terms.most), -math.log(terms.least)
    if end - start < NEAR:  # a single step over a picture: there is no way to go
        return (yield Question(latents, terms.most, 0.0))
    time, length, before = start, FIRST, latents
    order = 1.5 if terms.eta else ORDER
    for _ in range(MOST_TRIES):
        if time >= end - NEAR:
            return latents
        share = (time - start) / (end - start)
        after = min(end, time + length)
        to, up = _down(time, after, end, terms.eta)
        way = to - time
        eps = yield from _seen(latents, time, share)
        near = yield from _seen(_noised(latents, eps, time, way / 3), time + way / 3, share)
        low = _second(latents, eps, near, time, way, 1 / 3)
        high = yield from _third(latents, eps, near, time, way, share)
        allowed = (RELATIVE * low.abs().maximum(before.abs())).clamp(min=ABSOLUTE)
        error = float(((low - high) / allowed).square().mean().sqrt())
        if not math.isfinite(error):
            return high
        grow = 1 + math.atan((1 / (error + 1e-8)) ** (1 / order) - 1)
        if grow >= ACCEPTED:
            before = low
            latents = high + up * terms.noise()
            time = after
        length *= grow
    return (yield Question(latents, math.exp(-time), 1.0))  # not there: what the model sees in it, not its noise
