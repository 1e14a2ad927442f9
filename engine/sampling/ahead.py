"""The noise of the steps to come, drawn on threads of its own while the model is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.sampling.way import SamplerWay

# A row's noise for a step takes a core 0.1 ms (64 × 64 latents), along a Brownian path 2 ms, and as NVIDIA's cards draw
# it five times as long; torch and numpy draw without the lock that Python code holds. So that 16 rows of any sampler
# keep up with a card's 33 ms it takes up to six cores, and what one has done in a few milliseconds is not worth waking
# more of them.
THREADS = 8
TOGETHER = 1 << 18  # normal numbers that one thread draws: those of 16 rows of 64 × 64 latents

_drawing = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), thread_name_prefix="noise")


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The noise of some rows for a step, (draws, n, 4, h, w); a row's own is at `place` once `done`."""

    noise: Tensor
    place: int
    done: Future[None]


def begin(ways: Sequence[SamplerWay], device: torch.device) -> None:
    """Begin to draw what these rows' steps, which do the same, add at the call to come; what has been begun already is
    left as it is."""
    new = [way for way in ways if way.drawn is None]
    draws = ways[0].stop.answer.draws
    if not new or not draws:
        return
    shape = len(draws), len(new), *new[0].state.latents.shape[1:]
    noise = torch.empty(shape, pin_memory=device.type == "cuda")
    alone = noise.numel() <= TOGETHER and all(told == ("normal",) for told in draws)
    share = len(new) if alone else -(-len(new) // THREADS)
    for start in range(0, len(new), share):
        own = new[start : start + share]
        done = _drawing.submit(_draw, own, noise[:, start : start + share])
        for place, way in enumerate(own, start):
            way.drawn = _Drawn(noise, place, done)


def _draw(ways: Sequence[SamplerWay], noise: Tensor) -> None:
    for place, way in enumerate(ways):
        for at, drawn in enumerate(way.source.drawn(way.stop.answer)):
            noise[at, place] = drawn[0]


def take(ways: Sequence[SamplerWay], device: torch.device) -> tuple[Tensor, ...]:
    """What these rows' steps add, each (n, 4, h, w) on the device; it is still there if it has to be taken again."""
    drawn = [way.drawn for way in ways if isinstance(way.drawn, _Drawn)]
    if not drawn:
        return ()
    for done in {id(one.done): one.done for one in drawn}.values():
        done.result()
    noise = drawn[0].noise
    whole = all(one.noise is noise and one.place == place for place, one in enumerate(drawn))
    if not whole or noise.shape[1] != len(ways):
        noise = torch.stack([one.noise[:, one.place] for one in drawn], dim=1)
    return noise.to(device, non_blocking=True).unbind(0)
