"""DPM-Solver++ with what the steps before have shown (Lu et al. 2022), and its SDE forms along a Brownian path."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor

from engine.sampling.question import Question, Questions, Terms, parted, slope


def dpmpp_2m(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    before: Tensor | None = None
    last = 0.0  # how far the step before went, in the logarithm of sigma
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        if after == 0:
            latents = denoised
            continue
        way = math.log(sigma / after)
        aim = denoised if before is None else denoised + (denoised - before) * way / (2 * last)
        latents = after / sigma * latents + (1 - after / sigma) * aim
        before, last = denoised, way
    return latents


def dpmpp_sde(latents: Tensor, terms: Terms) -> Questions:
    """Two stages a step, with the second halfway in the logarithm."""
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        if after == 0:
            latents = latents + slope(latents, sigma, denoised) * (after - sigma)
            continue
        middle = math.sqrt(sigma * after)
        down, up = parted(sigma, middle, terms.eta)
        there = down / sigma * latents + (1 - down / sigma) * denoised
        there = there + terms.path(sigma, middle) * terms.spread * up
        seen = yield Question(there, middle, index / count)
        down, up = parted(sigma, after, terms.eta)
        latents = down / sigma * latents + (1 - down / sigma) * seen
        latents = latents + terms.path(sigma, after) * terms.spread * up
    return latents


def dpmpp_2m_sde(latents: Tensor, terms: Terms) -> Questions:
    return (yield from _two(latents, terms, heun=False))


def dpmpp_2m_sde_heun(latents: Tensor, terms: Terms) -> Questions:
    return (yield from _two(latents, terms, heun=True))


def _two(latents: Tensor, terms: Terms, *, heun: bool) -> Questions:
    count = len(terms.levels) - 1
    before: Tensor | None = None
    last = 0.0
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        if after == 0:
            latents = denoised
            continue
        way = math.log(sigma / after)
        whole = way * (1 + terms.eta)
        latents = math.exp(-whole) * latents - math.expm1(-whole) * denoised
        if before is not None:
            pull = 1 + math.expm1(-whole) / whole if heun else -math.expm1(-whole) / 2
            latents = latents + pull * way / last * (denoised - before)
        latents = _noisier(latents, sigma, after, way, terms)
        before, last = denoised, way
    return latents


def dpmpp_3m_sde(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    past: list[tuple[Tensor, float]] = []  # what the last steps have shown and how far they went, newest first
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        if after == 0:
            latents = denoised
            continue
        way = math.log(sigma / after)
        whole = way * (1 + terms.eta)
        latents = math.exp(-whole) * latents - math.expm1(-whole) * denoised
        second = 1 + math.expm1(-whole) / whole
        if past:
            (one, back), rest = past[0], past[1:]
            near, newer = back / way, (denoised - one) * way / back
            rise, bend = newer, None
            for two, further in rest:
                far = further / way
                bend = (newer - (one - two) / far) / (near + far)
                rise = newer + near * bend
            latents = latents + second * rise
            if bend is not None:
                latents = latents - (second / whole - 0.5) * bend
        latents = _noisier(latents, sigma, after, way, terms)
        past = [(denoised, way), *past][:2]
    return latents


def _noisier(latents: Tensor, sigma: float, after: float, way: float, terms: Terms) -> Tensor:
    """With the noise that the way down has left out."""
    if not terms.eta:
        return latents
    spread = after * math.sqrt(-math.expm1(-2 * way * terms.eta)) * terms.spread
    return latents + terms.path(sigma, after) * spread
