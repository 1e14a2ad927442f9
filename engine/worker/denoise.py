"""One step of rows that share a UNet call: the call, the guidance of each, and each one's own sampler."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from engine.adapters import loras
from engine.models import memory
from engine.models.loaded import Loaded
from engine.patches import patches
from engine.patches.patches import Patched
from engine.speed import attention, deep_cache
from engine.speed.batched_call import Call
from engine.worker import attention_guidance
from engine.worker.guided import guided
from engine.worker.row import Row


@torch.no_grad()
def predict(rows: Sequence[Row]) -> tuple[list[Tensor], list[Tensor]]:
    """One UNet call for rows of one group: the guided prediction of each and the scaled input it was made from,
    both (1, 4, h, w) on the CPU. The rows stay as they are, so a call that ran out of memory can be made again."""
    loaded = rows[0].loaded
    inputs = [row.input for row in rows]
    length = math.lcm(*(row.length for row in rows))
    samples, times, words, guidance = [], [], [], []
    for row, sample in zip(rows, inputs, strict=True):
        for side in row.sides:
            samples.append(sample if row.beside is None else torch.cat([sample, row.beside], dim=1))
            times.append(row.time)
            words.append(side.repeat(1, length // side.shape[1], 1))
            guidance.append(row.recipe.guidance)
    entries = [row.acting for row in rows for _ in range(row.width)]
    left = sum(row.area * row.left for row in rows)
    call = Call(
        torch.cat(samples).to(loaded.device, loaded.dtype),
        torch.tensor(times, device=loaded.device),
        torch.cat(words),
        _guidance_embedding(loaded, guidance),
        _joined([row.added for row in rows]),
    )
    disturbances = [one for row in rows for one in row.disturbances]
    # What was prepared to run faster draws whole calls without LoRAs; everything else is the plain UNet's, and what may
    # not change by a bit when something is ready.
    plain = any(entries) or any(disturbances) or any(row.rests or row.alone or row.patches for row in rows)
    # What a call draws by lot it draws again where it has to be made again.
    patched = [Patched(row.patches, row.width, copy.copy(row.lots) if row.patches else row.lots) for row in rows]
    with attention.attending(loaded):
        output = loaded.prepared.answer(call) if loaded.prepared and not plain else None
        given: list[Tensor] = []
        if output is None:
            with (
                memory.on_card(loaded, "unet"),
                loras.on_unet(loaded, entries, left),
                patches.on_unet(loaded.unet, patched, (inputs[0].shape[-2], inputs[0].shape[-1])),
                attention_guidance.disturbed(loaded.unet, disturbances, rows[0].latents.shape[-2:]),
                _depth(rows) as given,
            ):
                output = call.answered(loaded.unet)
    if given:
        own_deep: Sequence[Tensor] = torch.split(given[0], [row.width for row in rows])
        for row, own in zip(rows, own_deep, strict=True):
            row.deep = own if row.rests else None
    for row, drawn in zip(rows, patched, strict=True):
        row.lots = drawn.lots
    shares: Sequence[Tensor] = torch.split(output.float().cpu(), [row.width for row in rows])
    shown = zip(rows, shares, inputs, strict=True)
    return [guided(row, share, scaled) for row, share, scaled in shown], inputs


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


def _joined(added: Sequence[dict[str, Tensor] | None]) -> dict[str, Tensor] | None:
    """The added conditions of all rows of one model, as one batch."""
    told = [one for one in added if one is not None]
    return {name: torch.cat([one[name] for one in told]) for name in told[0]} if told else None


def _guidance_embedding(loaded: Loaded, guidance: Sequence[float]) -> Tensor | None:
    """The guidance as a UNet that was distilled with it (LCM) takes it: sines and cosines of (scale - 1) * 1000."""
    width = loaded.unet.config.time_cond_proj_dim
    if width is None:
        return None
    half = width // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000.0) / (half - 1)))
    angles = ((torch.tensor(guidance, dtype=torch.float32) - 1) * 1000.0)[:, None] * rates[None, :]
    embedding = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
    return torch.nn.functional.pad(embedding, (0, width % 2)).to(loaded.device, loaded.dtype)


@torch.no_grad()
def advance(row: Row, prediction: Tensor, scaled: Tensor) -> None:
    """Let the row's own sampler take its step."""
    if row.walk:
        row.walk.answer(prediction)
        row.latents, row.clean = row.walk.latents, row.walk.clean
        row.at += 1
        return
    time_now = row.timesteps[row.at]
    row.clean = _foreseen(row.loaded, prediction, scaled, float(time_now))
    row.latents = row.sampler.step(prediction, time_now, row.latents, **row.extra, return_dict=False)[0]
    row.at += 1
    if row.keep:
        row.latents = row.keep.blended(row.latents, row.sampler, row.timesteps[row.at :])


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
