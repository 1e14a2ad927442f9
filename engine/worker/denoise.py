"""One step of rows that share a UNet call: the call, and what becomes of each row by it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from engine.adapters import loras
from engine.models import memory
from engine.models.loaded import Loaded
from engine.patches import patches
from engine.patches.patches import Patched
from engine.sampling.walk import Walk
from engine.sampling.way import Seen
from engine.speed import attention, deep_cache
from engine.worker import attention_guidance, regional
from engine.worker.batch import Batch, Outcome, Said
from engine.worker.row import Row


@torch.no_grad()
def predict(rows: Sequence[Row]) -> list[tuple[Row, Outcome]]:
    """One UNet call for rows of one group, and what it makes of each, which `advance` has it take. The rows stay as
    they are, so a call that ran out of memory can be made again."""
    batch = Batch(rows)
    loaded, call = batch.loaded, batch.call()
    batch.draw_ahead()
    acting = [row.acting for row in batch.rows]
    entries = [own for own, width in zip(acting, batch.widths, strict=True) for _ in range(width)]
    disturbances = [one for row in batch.rows for one in row.disturbances]
    # What was prepared to run faster draws whole calls without LoRAs; everything else is the plain UNet's, and what may
    # not change by a bit when something is ready.
    texts = [(text, row.counted) for row in batch.rows for text in row.conditionings]
    plain = any(acting) or any(disturbances) or any(text.regions for text, _ in texts)
    plain |= any(row.rests or row.alone or row.patches for row in batch.rows)
    # What a call draws by lot it draws again where it has to be made again.
    patched = [
        Patched(row.patches, width, copy.copy(row.lots) if row.patches else row.lots)
        for row, width in zip(batch.rows, batch.widths, strict=True)
    ]
    height, width = rows[0].latents.shape[-2:]
    with attention.attending(loaded):
        output = loaded.prepared.answer(call) if loaded.prepared and not plain else None
        given: list[Tensor] = []
        if output is None:
            with (
                memory.on_card(loaded, "unet"),
                loras.on_unet(loaded, entries, batch.left),
                patches.on_unet(loaded.unet, patched, (height, width)),
                attention_guidance.disturbed(loaded.unet, disturbances, rows[0].latents.shape[-2:]),
                regional.on_unet(loaded.unet, texts, call.words, (height, width)),
                _depth(batch.rows) as given,
            ):
                output = call.answered(loaded.unet)
    if given:
        own_deep: Sequence[Tensor] = torch.split(given[0], batch.widths)
        for row, own in zip(batch.rows, own_deep, strict=True):
            row.deep = own if row.rests else None
    for row, drawn in zip(batch.rows, patched, strict=True):
        row.lots = drawn.lots
    outcomes = dict(zip(batch.rows, batch.outcomes(output), strict=True))
    return [(row, outcomes[row]) for row in rows]


@contextmanager
def _depth(rows: Sequence[Row]) -> Iterator[list[Tensor]]:
    """A call with all levels, which leaves what the deep ones gave in the list where a row will use it again, or one
    with the outermost level only."""
    unet = rows[0].loaded.unet
    if rows[0].shallow:
        with deep_cache.reused(unet, torch.cat([row.deep for row in rows if row.deep is not None])):
            yield []
    elif any(row.rests for row in rows):
        with deep_cache.kept(unet) as given:
            yield given
    else:
        yield []


def advance(row: Row, outcome: Outcome) -> None:
    """Let a row take its step, by its own sampler where it goes by itself."""
    row.at += 1
    if isinstance(outcome, Said):
        _advance_alone(row, outcome)
        return
    assert row.way
    row.way.go_on(outcome.state, outcome.seen)
    row.latents = row.way.latents.cpu().clone() if row.way.done else row.way.latents
    row.foreseen = _walked(row.walk) if row.walk else partial(_seen, row.loaded, outcome.seen)


@torch.no_grad()
def _advance_alone(row: Row, outcome: Said) -> None:
    if row.walk:
        row.walk.answer(outcome.prediction)
        row.latents, row.foreseen = row.walk.latents, _walked(row.walk)
        return
    time_now = row.timesteps[row.at - 1]
    row.foreseen = partial(_foreseen, row.loaded, outcome.prediction, outcome.shown, float(time_now))
    row.latents = row.sampler.step(outcome.prediction, time_now, row.latents, **row.extra, return_dict=False)[0]
    if row.keep:
        row.latents = row.keep.blended(row.latents, row.sampler, row.timesteps[row.at :])


def _walked(walk: Walk) -> Callable[[], Tensor | None]:
    return lambda: walk.clean


def _seen(loaded: Loaded, seen: Seen) -> Tensor:
    return _foreseen(loaded, seen.own(seen.prediction), seen.own(seen.shown), seen.stop.time)


@torch.no_grad()
def _foreseen(loaded: Loaded, prediction: Tensor, scaled: Tensor, time_now: float) -> Tensor:
    """The clean latents that a prediction points at. The scaled input has unit variance for every sampler, so the
    model's own alphas serve all of them."""
    alpha = loaded.signal[min(max(round(time_now), 0), len(loaded.signal) - 1)]
    match loaded.schedule.get("prediction_type", "epsilon"):
        case "v_prediction":
            return alpha.sqrt() * scaled - (1 - alpha).sqrt() * prediction
        case "sample":
            return prediction
        case _:
            return (scaled - (1 - alpha).sqrt() * prediction) / alpha.sqrt()
