"""Tapes of the samplers there are: diffusers' schedulers, and A1111's (engine/sampling/question.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.recipe import Soft
from engine.sampling.keep import Keep
from engine.sampling.levels import Denoiser
from engine.sampling.question import Question, Questions, Sampler, Terms
from engine.sampling.tape import Recording, SamplerCall, Written
from engine.sampling.walk import Surroundings


def of_scheduler(
    recording: Recording, scheduler: Any, timesteps: Tensor, extra: dict[str, Any], after: Tensor | None = None
) -> Written:
    """A diffusers scheduler's way over these timesteps, with what its `step` takes besides; the scheduler is used up.
    With `after` a part is kept, which is known besides the latents (engine/sampling/keep.py)."""
    if "generator" in extra:
        extra = {**extra, "generator": torch.Generator("cpu")}
    if hasattr(scheduler, "noise_sampler"):
        scheduler.noise_sampler = lambda sigma, after: recording.drawn("path", float(sigma), float(after))
    latents = recording.stand_in()
    keep = None
    if after is not None:
        clean, noise, mask, rest = (recording.stand_in() for _ in range(4))
        keep = Keep(clean, noise, mask, rest, after)
    yield recording.done(latents)
    for at, time in enumerate(timesteps):
        with recording:
            shown = scheduler.scale_model_input(latents, time)
        ask = recording.asked(shown)
        prediction = recording.stand_in()
        with recording:
            latents = scheduler.step(prediction, time, latents, **extra, return_dict=False)[0]
            if keep:
                latents = keep.blended(latents, scheduler, timesteps[at + 1 :])
        del shown, prediction
        answer, place = recording.done(latents)
        last = at + 1 == len(timesteps)
        yield SamplerCall(float(time), at / len(timesteps), 0.0, ask, answer, place, last)


def of_sampler(
    recording: Recording,
    sampler: Sampler,
    terms: Terms,
    denoiser: Denoiser,
    *,
    plus: bool,
    before: bool | None = None,
    soft: Soft | None = None,
    others: Sequence[tuple[int, Denoiser]] = (),
) -> Written:
    """The way of one of A1111's samplers; with `plus` it is told two predictions at each call. Where `before` is said a
    part is kept, with `soft` softly, which is known besides the latents (engine/sampling/walk.py); `others` are asked
    from a call on."""
    terms = replace(  # the row's own noise goes with the row
        terms,
        noise=lambda: recording.drawn("normal"),
        path=lambda sigma, after: recording.drawn("path", sigma, after),
    )
    latents = recording.stand_in()
    kept = None
    if before is not None:
        clean, mask, rest = (recording.stand_in() for _ in range(3))
        kept = Surroundings(clean, mask, rest, before, soft, recording.mixed)
        del clean, mask, rest
    asks = sampler(latents, terms)
    del latents
    with recording:
        question = next(asks)
    yield recording.done(question.latents)
    last, asked, calls = False, dict(others), 0
    while not last:
        denoiser = asked.get(calls, denoiser)
        calls += 1
        with recording:
            shown = denoiser.input(_shown(question, kept), question.level)
        ask = recording.asked(shown)
        del shown
        predictions = [recording.stand_in() for _ in range(1 + plus)]
        time, share, level = denoiser.time(question.level), question.share, question.level
        with recording:
            there = _shown(question, kept)
            told = [denoiser.answer(there, question.level, one) for one in predictions]
            if kept and not kept.before:
                told = [kept.put(one, question.level) for one in told]
            del there
            question, last = _sent(asks, torch.cat(told) if plus else told[0], kept)
        predictions.clear()
        told.clear()
        answer, place = recording.done(question.latents)
        yield SamplerCall(time, share, level, ask, answer, place, last)


def _shown(question: Question, kept: Surroundings | None) -> Tensor:
    return kept.put(question.latents, question.level) if kept and kept.before else question.latents


def _sent(asks: Questions, answer: Tensor, kept: Surroundings | None) -> tuple[Question, bool]:
    try:
        return asks.send(answer), False
    except StopIteration as end:
        return Question(kept.finished(end.value) if kept else end.value, 0.0, 1.0), True
