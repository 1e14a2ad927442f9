"""Samplers whose latents keep the spread 1: DDIM, DDIM CFG++ and PLMS. Their levels are timesteps, smallest first; as
in A1111 the step at the smallest is not taken, as it is where the last one leads to."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor

from engine.sampling.question import Question, Questions, Terms


def _steps(terms: Terms) -> Iterator[tuple[float, float, float, float, float]]:
    """Each step's timestep, the one after it, the cumulative alphas at both, and the share of the way before it."""
    count = max(1, len(terms.levels) - 1)
    for index in range(count):
        place = len(terms.levels) - 1 - index
        time = terms.levels[place]
        after = terms.levels[place - 1] if place else 0.0
        yield time, after, float(terms.signal[int(time)]), float(terms.signal[int(after)]), index / count


def _moved(latents: Tensor, eps: Tensor, back: Tensor, now: float, then: float, spread: float = 0.0) -> Tensor:
    """Latents from one alpha to the next: the picture that `eps` shows, made noisy again with `back`."""
    picture = (latents - math.sqrt(1 - now) * eps) / math.sqrt(now)
    return math.sqrt(then) * picture + math.sqrt(1 - then - spread**2) * back


def _ddim(latents: Tensor, terms: Terms, *, plus: bool) -> Questions:
    for time, _, now, then, share in _steps(terms):
        seen = yield Question(latents, time, share)
        eps, back = (seen[:1], seen[1:]) if plus else (seen, seen)
        spread = terms.eta * math.sqrt((1 - then) / (1 - now) * (1 - now / then))
        latents = _moved(latents, eps, back, now, then, spread) + spread * terms.noise()
    return latents


def ddim(latents: Tensor, terms: Terms) -> Questions:
    return (yield from _ddim(latents, terms, plus=False))


def ddim_cfgpp(latents: Tensor, terms: Terms) -> Questions:
    """CFG++ (Chung et al. 2024): made noisy again with what the negative alone shows. It is sent both, (2, 4, h, w)."""
    return (yield from _ddim(latents, terms, plus=True))


def plms(latents: Tensor, terms: Terms) -> Questions:
    """Adams and Bashforth's method over the noise seen, begun with one of Heun's steps (Liu et al. 2022)."""
    past: list[Tensor] = []
    for time, after, now, then, share in _steps(terms):
        eps = yield Question(latents, time, share)
        match past:
            case []:
                there = _moved(latents, eps, eps, now, then)
                mean = (eps + (yield Question(there, after or time, share))) / 2
            case [one]:
                mean = (3 * eps - one) / 2
            case [one, two]:
                mean = (23 * eps - 16 * one + 5 * two) / 12
            case [one, two, three, *_]:
                mean = (55 * eps - 59 * one + 37 * two - 9 * three) / 24
        latents = _moved(latents, mean, mean, now, then)
        past = [eps, *past][:3]
    return latents
