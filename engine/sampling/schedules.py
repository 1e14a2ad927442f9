"""The sigmas of a picture's steps, largest first, by the names of A1111's "Schedule type"."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from engine.sampling.levels import Levels

# "Align Your Steps" (Sabour et al. 2024), the published ten steps of either family.
ALIGNED = (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029)
ALIGNED_XL = (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029)


@dataclass(frozen=True, slots=True)
class Span:
    """What a schedule is made for: so many steps of a model's levels, from `most` down to `least`; `rho` bends some
    (0: as usual), `large` says that the model is an SDXL one, `beta` are the parameters of that schedule."""

    steps: int
    levels: Levels
    least: float
    most: float
    rho: float = 0.0
    large: bool = False
    beta: tuple[float, float] = (0.6, 0.6)


def uniform(span: Span) -> list[float]:
    """Even timesteps, from the last to the first, whatever the limits."""
    last = len(span.levels.sigmas) - 1
    return [*(span.levels.sigma(float(time)) for time in np.linspace(last, 0, span.steps)), 0.0]


def karras(span: Span) -> list[float]:
    """Even in the seventh root (Karras et al. 2022, equation 5)."""
    rho = span.rho or 7.0
    ends = span.most ** (1 / rho), span.least ** (1 / rho)
    return [*(float(root**rho) for root in np.linspace(*ends, span.steps)), 0.0]


def exponential(span: Span) -> list[float]:
    """Even in the logarithm."""
    return [*_logs(span, np.linspace(1, 0, span.steps)), 0.0]


def polyexponential(span: Span) -> list[float]:
    """Even in the logarithm, bent by a power."""
    return [*_logs(span, np.linspace(1, 0, span.steps) ** (span.rho or 1.0)), 0.0]


def _logs(span: Span, shares: np.ndarray) -> list[float]:
    low, high = math.log(span.least), math.log(span.most)
    return [math.exp(low + share * (high - low)) for share in shares]


def normal(span: Span) -> list[float]:
    """Even timesteps between the limits."""
    return [*(span.levels.sigma(float(time)) for time in np.linspace(*_times(span), span.steps)), 0.0]


def sgm_uniform(span: Span) -> list[float]:
    """Even timesteps between the limits, of one step more, whose last is left out."""
    return [*(span.levels.sigma(float(time)) for time in np.linspace(*_times(span), span.steps + 1)[:-1]), 0.0]


def _times(span: Span) -> tuple[float, float]:
    return span.levels.time(span.most), span.levels.time(span.least)


def kl_optimal(span: Span) -> list[float]:
    """Even in the arc tangent ("Align Your Steps", theorem 3.1); it ends at the smallest sigma, not at 0."""
    ends = math.atan(span.most), math.atan(span.least)
    return [math.tan(angle) for angle in np.linspace(*ends, span.steps + 1)]


def align_your_steps(span: Span) -> list[float]:
    """The published steps, even in the logarithm between them, whatever the limits."""
    known = np.log(ALIGNED_XL if span.large else ALIGNED)
    places = np.linspace(0, len(known) - 1, span.steps)
    return [*(float(sigma) for sigma in np.exp(np.interp(places, np.arange(len(known)), known))), 0.0]


def simple(span: Span) -> list[float]:
    """Each so-many-th of the model's own sigmas, from its largest."""
    stride = len(span.levels.sigmas) / span.steps
    return [*(float(span.levels.sigmas[-(1 + int(index * stride))]) for index in range(span.steps)), 0.0]


def ddim(span: Span) -> list[float]:
    """Each so-many-th of the model's own sigmas, from its second: there may be more of them than steps."""
    stride = max(len(span.levels.sigmas) // span.steps, 1)
    return [*reversed([float(sigma) for sigma in span.levels.sigmas[1::stride]]), 0.0]


def beta(span: Span) -> list[float]:
    """By the quantiles of a Beta distribution ("Beta Sampling is All You Need", 2024)."""
    places = stats.beta.ppf(1 - np.linspace(0, 1, span.steps), *span.beta)
    return [*(float(span.least + place * (span.most - span.least)) for place in places), 0.0]


def turbo(span: Span) -> list[float]:
    """Even timesteps from the last, as distilled models learnt them."""
    count = len(span.levels.sigmas)
    times = (round(index * count / span.steps - 1) for index in range(span.steps, 0, -1))
    return [*(float(span.levels.sigmas[min(max(time, 0), count - 1)]) for time in times), 0.0]


SCHEDULES: dict[str, Callable[[Span], list[float]]] = {
    "Uniform": uniform,
    "Karras": karras,
    "Exponential": exponential,
    "Polyexponential": polyexponential,
    "SGM Uniform": sgm_uniform,
    "KL Optimal": kl_optimal,
    "Align Your Steps": align_your_steps,
    "Simple": simple,
    "Normal": normal,
    "DDIM": ddim,
    "Beta": beta,
    "Turbo": turbo,
}


def sigmas(name: str, span: Span, *, dropped: bool = False) -> list[float]:
    """The sigmas of a schedule; with `dropped` one step more is planned and the last sigma but one left out."""
    if not dropped:
        return SCHEDULES[name](span)
    planned = SCHEDULES[name](replace(span, steps=span.steps + 1))
    return [*planned[:-2], planned[-1]]
