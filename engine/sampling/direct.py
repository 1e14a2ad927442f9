"""Samplers that follow the slope itself: Euler, Heun, DPM2 (with churn: Karras et al. 2022, algorithm 2), LMS and
Restart (Xu et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor

from engine.sampling.question import Question, Questions, Terms, slope

ORDER = 4  # of LMS
# Restart goes back from the first sigma to the second for so long as there are steps for it.
RESTART = 0.1, 2.0
FEW, MANY = 20, 36


def _churned(latents: Tensor, sigma: float, terms: Terms) -> tuple[Tensor, float]:
    """The latents with the noise that churning adds, and the sigma they have then. The noise is drawn in any case."""
    most = 2**0.5 - 1
    gamma = min(terms.churn / (len(terms.levels) - 1), most) if terms.tmin <= sigma <= terms.tmax else 0.0
    noise = terms.noise() * terms.spread
    higher = sigma * (gamma + 1)
    return (latents + noise * (higher**2 - sigma**2) ** 0.5 if gamma > 0 else latents), higher


def euler(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        latents, sigma = _churned(latents, sigma, terms)
        denoised = yield Question(latents, sigma, index / count)
        latents = latents + slope(latents, sigma, denoised) * (after - sigma)
    return latents


def heun(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        latents, sigma = _churned(latents, sigma, terms)
        latents = yield from _heun(latents, sigma, after, index / count)
    return latents


def _heun(latents: Tensor, sigma: float, after: float, share: float) -> Questions:
    """One step, whose slope is the mean of those at both ends."""
    denoised = yield Question(latents, sigma, share)
    first = slope(latents, sigma, denoised)
    there = latents + first * (after - sigma)
    if after == 0:
        return there
    denoised = yield Question(there, after, share)
    return latents + (first + slope(there, after, denoised)) / 2 * (after - sigma)


def dpm2(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        latents, sigma = _churned(latents, sigma, terms)
        latents = yield from midway(latents, sigma, after, index / count)
    return latents


def midway(latents: Tensor, sigma: float, after: float, share: float) -> Questions:
    """One step by the slope halfway between both logarithms; down to 0 by the first slope."""
    denoised = yield Question(latents, sigma, share)
    first = slope(latents, sigma, denoised)
    if after == 0:
        return latents + first * (after - sigma)
    middle = (sigma * after) ** 0.5
    there = latents + first * (middle - sigma)
    denoised = yield Question(there, middle, share)
    return latents + slope(there, middle, denoised) * (after - sigma)


def lms(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    slopes: list[Tensor] = []
    for index, sigma in enumerate(terms.levels[:-1]):
        denoised = yield Question(latents, sigma, index / count)
        slopes = [slope(latents, sigma, denoised), *slopes][:ORDER]
        past = terms.levels[index + 1 - len(slopes) : index + 1][::-1]
        for own, weight in zip(slopes, _weights(past, sigma, terms.levels[index + 1]), strict=True):
            latents = latents + weight * own
    return latents


def _weights(past: Sequence[float], sigma: float, after: float) -> list[float]:
    """The integrals, from one sigma to the next, of the polynomials that are 1 at one of the past and 0 at the rest."""
    weights = []
    for own in past:
        whole = np.polynomial.Polynomial([1.0])
        for other in past:
            if other != own:
                whole *= np.polynomial.Polynomial([-other, 1.0]) / (own - other)
        sum_ = whole.integ()
        weights.append(float(sum_(after) - sum_(sigma)))
    return weights


def restart(latents: Tensor, terms: Terms) -> Questions:
    """Heun's steps, some of which are taken again from noisier latents: those that there are steps for from 20 on."""
    steps = _restarted(terms.levels)
    for index, (sigma, after) in enumerate(steps):
        if index and (before := steps[index - 1][1]) < sigma:
            latents = latents + terms.noise() * (sigma**2 - before**2) ** 0.5
        latents = yield from _heun(latents, sigma, after, index / len(steps))
    return latents


def _restarted(levels: Sequence[float]) -> list[tuple[float, float]]:
    count = len(levels) - 1
    if count < FEW:
        return list(pairwise(levels))
    again, times = (count // 4, 2) if count >= MANY else (9, 1)
    levels = [*_karras(count - again * times, levels[-2], levels[0]), 0.0]
    low, high = (min(range(len(levels)), key=lambda place: abs(levels[place] - sigma)) for sigma in RESTART)
    steps = list(pairwise(levels))
    if high >= low:
        return steps
    back = list(pairwise(_karras(again + 1, levels[low], levels[high])))
    return [*steps[:low], *(back * times), *steps[low:]]


def _karras(count: int, least: float, most: float) -> list[float]:
    return [float(root**7) for root in np.linspace(most ** (1 / 7), least ** (1 / 7), count)]
