"""One step of rows that share a UNet call: the call, and what becomes of each row by it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import accumulate

import torch
from torch import Tensor

from engine.adapters import loras
from engine.adapters.loras import Chosen
from engine.controls.residuals import Follower, Residuals, residuals
from engine.models import memory
from engine.models.loaded import Loaded
from engine.patches import patches
from engine.patches.patches import Patched
from engine.sampling.walk import Walk
from engine.sampling.way import Seen
from engine.speed import attention, deep_cache
from engine.speed.batched_call import Call, Prepared
from engine.worker import attention_guidance, recall, regional
from engine.worker.batch import Batch, Outcome, Said
from engine.worker.row import Row


@torch.no_grad()
def predict(rows: Sequence[Row]) -> list[tuple[Row, Outcome, float]]:
    """One UNet call for rows of one group; for each what it makes of it, which `advance` has it take, and what it cost
    of the call, in the UNet's entries. The rows stay as they are, so a call that ran out of memory can be made
    again."""
    batch = Batch(rows)
    loaded, call = batch.loaded, batch.call()
    batch.draw_ahead()
    acting = [row.acting for row in batch.rows]
    entries = [own for own, width in zip(acting, batch.widths, strict=True) for _ in range(width)]
    # For most batches nothing of it is wanted, and a card waits for what is done here.
    inside = not all(row.outside for row in batch.rows)
    disturbances = [one for row in batch.rows for one in row.disturbances] if inside else []
    # What was prepared to run faster draws whole calls, with LoRAs where it has slots for them; everything else is the
    # plain UNet's, and what may not change by a bit when something is ready.
    parted = inside and any(row.recipe.regions is not None for row in batch.rows)
    texts = [(text, row.counted) for row in batch.rows for text in row.conditionings] if parted else []
    plain = any(disturbances) or any(text.regions for text, _ in texts)
    plain |= any(row.rests or row.patches for row in batch.rows) if inside else False
    plain |= batch.rows[0].alone
    firsts = accumulate(batch.widths, initial=0)
    followers = [row.followers(first) for row, first in zip(batch.rows, firsts, strict=False)]
    plain |= any(followers)
    if any(acting) and loaded.prepared and not plain:
        call = _slotted(call, loaded.prepared, acting, batch.widths)
        plain = call.need is None
    # What a call draws by lot it draws again where it has to be made again.
    patched = []
    if inside and any(row.patches for row in batch.rows):
        patched = [
            Patched(row.patches, width, copy.copy(row.lots) if row.patches else row.lots)
            for row, width in zip(batch.rows, batch.widths, strict=True)
        ]
    height, width = rows[0].latents.shape[-2:]
    with attention.attending(loaded):
        added, passed = Residuals(), 0.0
        if any(followers):
            added = residuals([one for own in followers for one in own], call, rows[0].patches.tiling)
            layers = loaded.unet.config.layers_per_block
            if rows[0].shallow:
                added = added.shallow(layers if isinstance(layers, int) else layers[0])
        output = loaded.prepared.answer(call) if loaded.prepared and not plain else None
        given: list[Tensor] = []
        if output is None:
            # Nothing is merged for the few calls until slots are ready.
            soon = bool(call.need and loaded.prepared and loaded.prepared.soon(call))
            with (
                memory.on_card(loaded, "unet"),
                loras.on_unet(loaded, entries, batch.left if any(acting) and not soon else 0),
                patches.on_unet(loaded.unet, patched, (height, width)),
                attention_guidance.disturbed(loaded.unet, disturbances, rows[0].latents.shape[-2:]),
                regional.on_unet(loaded.unet, texts, call.words, (height, width)),
                _depth(batch.rows) as given,
            ):
                began = time.monotonic()
                output = call.answered(partial(loaded.unet, **added.told) if added else loaded.unet)
                passed = time.monotonic() - began
    if given:
        own_deep: Sequence[Tensor] = torch.split(given[0], batch.widths)
        for row, own in zip(batch.rows, own_deep, strict=True):
            row.deep = own if row.rests else None
    for row, drawn in zip(batch.rows if patched else (), patched, strict=True):
        row.lots = drawn.lots
    if any(row.digests for row in batch.rows):
        for row, own in zip(batch.rows, torch.split(output, batch.widths), strict=True):
            recall.keep(row, own)
    costs = _costs(batch, followers, added, passed)
    outcomes = dict(zip(batch.rows, zip(batch.outcomes(output), costs, strict=True), strict=True))
    return [(row, *outcomes[row]) for row in rows]


def _costs(batch: Batch, followers: Sequence[Sequence[Follower]], added: Residuals, passed: float) -> list[float]:
    """What each row cost of a call whose UNet took so many seconds. How long a net took is known where the processor
    draws; on a card, which goes on by itself, it counts by how large it is beside the UNet."""
    if batch.loaded.device.type != "cpu" or not added or not passed:
        return [
            width + sum(one.count * one.guide.share for one in own)
            for width, own in zip(batch.widths, followers, strict=True)
        ]
    entry, seconds = passed / sum(batch.widths), iter(added.seconds)
    return [width + sum(next(seconds) for _ in own) / entry for width, own in zip(batch.widths, followers, strict=True)]


def _slotted(call: Call, prepared: Prepared, acting: Sequence[Chosen], widths: Sequence[int]) -> Call:
    """The call with its entries' LoRAs for slots, where there are slots for them."""
    wanted = [loras.wanted(own) for own in acting]
    adapters = tuple(one for one, width in zip(wanted, widths, strict=True) for _ in range(width))
    return replace(call, adapters=adapters, need=prepared.needs.of(adapters))


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
