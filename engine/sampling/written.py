"""Tapes of the samplers there are: diffusers' schedulers, and A1111's (engine/sampling/question.py)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.sampling.levels import Denoiser
from engine.sampling.question import Question, Questions, Sampler, Terms
from engine.sampling.tape import Recording, SamplerCall, Written


def of_scheduler(recording: Recording, scheduler: Any, timesteps: Tensor, extra: dict[str, Any]) -> Written:
    """A diffusers scheduler's way over these timesteps, with what its `step` takes besides; the scheduler is used
    up."""
    if "generator" in extra:
        extra = {**extra, "generator": torch.Generator("cpu")}
    if hasattr(scheduler, "noise_sampler"):
        scheduler.noise_sampler = lambda sigma, after: recording.drawn("path", float(sigma), float(after))
    latents = recording.stand_in()
    yield recording.done(latents)
    for at, time in enumerate(timesteps):
        with recording:
            shown = scheduler.scale_model_input(latents, time)
        ask = recording.asked(shown)
        prediction = recording.stand_in()
        with recording:
            latents = scheduler.step(prediction, time, latents, **extra, return_dict=False)[0]
        del shown, prediction
        answer, place = recording.done(latents)
        last = at + 1 == len(timesteps)
        yield SamplerCall(float(time), at / len(timesteps), 0.0, ask, answer, place, last)


def of_sampler(recording: Recording, sampler: Sampler, terms: Terms, denoiser: Denoiser, *, plus: bool) -> Written:
    """The way of one of A1111's samplers; with `plus` it is told two predictions at each call."""
    terms = replace(  # the row's own noise goes with the row
        terms,
        noise=lambda: recording.drawn("normal"),
        path=lambda sigma, after: recording.drawn("path", sigma, after),
    )
    asks = sampler(recording.stand_in(), terms)
    with recording:
        question = next(asks)
    yield recording.done(question.latents)
    last = False
    while not last:
        with recording:
            shown = denoiser.input(question.latents, question.level)
        ask = recording.asked(shown)
        del shown
        predictions = [recording.stand_in() for _ in range(1 + plus)]
        time, share, level = denoiser.time(question.level), question.share, question.level
        with recording:
            told = [denoiser.answer(question.latents, question.level, one) for one in predictions]
            question, last = _sent(asks, torch.cat(told) if plus else told[0])
        predictions.clear()
        told.clear()
        answer, place = recording.done(question.latents)
        yield SamplerCall(time, share, level, ask, answer, place, last)


def _sent(asks: Questions, answer: Tensor) -> tuple[Question, bool]:
    try:
        return asks.send(answer), False
    except StopIteration as end:
        return Question(end.value, 0.0, 1.0), True
