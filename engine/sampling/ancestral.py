"""Samplers that go down further than they are to and add fresh noise: Euler a, DPM2 a, DPM++ 2S a, and LCM."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor

from engine.sampling.direct import midway
from engine.sampling.question import Question, Questions, Terms, parted, slope


def euler_a(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        down, up = parted(sigma, after, terms.eta)
        latents = latents + slope(latents, sigma, denoised) * (down - sigma)
        if after > 0:
            latents = latents + terms.noise() * up
    return latents


def dpm2_a(latents: Tensor, terms: Terms) -> Questions:
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        down, up = parted(sigma, after, terms.eta)
        latents = yield from midway(latents, sigma, down, index / count)
        if down > 0:
            latents = latents + terms.noise() * terms.spread * up
    return latents


def dpmpp_2s_a(latents: Tensor, terms: Terms) -> Questions:
    """DPM-Solver++(2S) (Lu et al. 2022, algorithm 1 with r = 1/2), each step ancestral."""
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        denoised = yield Question(latents, sigma, index / count)
        down, up = parted(sigma, after, terms.eta)
        if down == 0:
            latents = latents + slope(latents, sigma, denoised) * (down - sigma)
        else:
            middle = math.sqrt(sigma * down)
            there = middle / sigma * latents + (1 - middle / sigma) * denoised
            denoised = yield Question(there, middle, index / count)
            latents = down / sigma * latents + (1 - down / sigma) * denoised
        if after > 0:
            latents = latents + terms.noise() * terms.spread * up
    return latents


def lcm(latents: Tensor, terms: Terms) -> Questions:
    """The picture foreseen, made as noisy as the next step is to find it."""
    count = len(terms.levels) - 1
    for index, (sigma, after) in enumerate(pairwise(terms.levels)):
        latents = yield Question(latents, sigma, index / count)
        if after > 0:
            latents = latents + after * terms.noise()
    return latents
