"""What a sampler is: a generator that asks what a model sees in latents at a level and is told."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Latents at a level (a sigma, or a timestep) that a sampler wants the model's view of; `share` (0…1) is how much
    of its way lies behind it."""

    latents: Tensor
    level: float
    share: float


Questions = Generator[Question, Tensor, Tensor]  # is sent the denoised latents, or the noise; returns the last latents


@dataclass(frozen=True, slots=True)
class Multistep:
    """How UniPC goes: its highest `order`, kept to the last step with `high_end`; its `variant` and its `skip`, which
    is how its times lie, by A1111's names."""

    order: int = 3
    variant: str = "bh1"
    skip: str = "time_uniform"
    high_end: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What a sampler goes by: the levels of its steps, the noise that it may add (`path` between two sigmas where it
    follows a Brownian one), and A1111's options of it. `least` and `most` are the smallest and the largest sigma for
    those that make their own steps, of which there are `steps`. `signal` are the model's cumulative alphas, and
    `over` says that a picture is drawn over."""

    levels: tuple[float, ...]
    noise: Callable[[], Tensor]
    path: Callable[[float, float], Tensor]
    steps: int
    least: float
    most: float
    signal: Tensor
    over: bool = False
    eta: float = 1.0
    churn: float = 0.0
    tmin: float = 0.0
    tmax: float = float("inf")
    spread: float = 1.0
    unipc: Multistep = Multistep()


Sampler = Callable[[Tensor, Terms], Questions]


def slope(latents: Tensor, sigma: float, denoised: Tensor) -> Tensor:
    """The direction in which latents change with sigma."""
    return (latents - denoised) / sigma


def parted(sigma: float, after: float, eta: float) -> tuple[float, float]:
    """A step from one sigma to a smaller one as an ancestral sampler takes it: the sigma to go down to, and that of
    the noise to add then."""
    up = min(after, eta * (after**2 * (sigma**2 - after**2) / sigma**2) ** 0.5) if eta and sigma > after else 0.0
    return (after**2 - up**2) ** 0.5, up
