"""What is not computed twice: pictures of one job that begin alike ask their model the same until they part.

A row is asked about here where others like it are drawn (engine/worker/repeats.py). What its model would be asked in
the call to come is compared bit by bit with what it was asked before: the latents shown, the time, the words and all
that acts inside. Where that is the same, the answer is, too; guidance and the sampler's step are each row's own, and so
is its noise. So nothing has to be known of recipes: strengths of a second pass, fixes, the end of guidance or of a
control, a refiner, words that change on the way share their steps as far as these are the same, and no further.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import Tensor

from engine.controls.guide import Guide
from engine.models.call_memory import UnetAnswer
from engine.sampling.way import SharedStep
from engine.worker.batch import Batch, Outcome
from engine.worker.digests import Digests, digest
from engine.worker.row import Row


@torch.no_grad()
def found(row: Row) -> UnetAnswer | None:
    """What its model has answered to what the row is to ask it, None where it has to be asked. The question is noted
    with the row's digests, for `keep`."""
    if row.digests is None:
        return None
    row.digests.question = _question(row, row.digests)
    return None if row.digests.question is None else row.loaded.answered.get(row.digests.question)


def keep(row: Row, output: Tensor) -> None:
    """Keep what came of a row's entries for others that ask the same."""
    if row.digests and row.digests.question is not None:
        row.loaded.answered.keep(row.digests.question, UnetAnswer(output.clone(), copy.copy(row.lots)))


@torch.no_grad()
def outcome(row: Row, answer: UnetAnswer) -> Outcome:
    """What an answer makes of a row, as if its model had been asked for it alone."""
    batch = Batch([row])
    batch.draw_ahead()
    [made] = batch.outcomes(answer.output)
    row.lots = copy.copy(answer.lots)
    return made


def _question(row: Row, digests: Digests) -> object:
    if row.rests or row.done:  # the deep levels of a call before are part of what such a row is answered
        return None
    shown = SharedStep([row.way], row.loaded.device).shown if row.way else row.input
    distilled = row.loaded.unet.config.time_cond_proj_dim is not None
    return (
        digests.job,
        digest(shown),
        row.time,
        _told(row, digests),
        row.recipe.guidance if distilled else None,
        None if row.beside is None else digests.of(row.beside),
        tuple((lora.key, weight, scope.blocks, scope.elements) for lora, weight, _, scope in row.acting),
        tuple(_guide(one, digests) for one in row.followed),
        tuple(replace(one, scale=1.0) for one in row.astray),
        row.patches,
        row.lots.getstate() if row.patches else None,
        _regions(row, digests),
    )


def _told(row: Row, digests: Digests) -> object:
    """The words, and for SDXL what stands beside them."""
    said = row.said
    if (known := digests.told(said)) is not None:
        return known
    words = tuple(digests.of(words) for _, words in said)
    added = tuple((name, digest(one)) for name, one in sorted((row.added or {}).items()))
    return digests.note(said, (words, added))


def _guide(guide: Guide, digests: Digests) -> object:
    seen = (guide.hint, guide.mask, *guide.features)
    control = guide.control
    told = guide.net.name, id(guide.net.network), guide.type, guide.one_sided, control.mode, control.strength
    return (*told, *(None if one is None else digests.of(one) for one in seen))


def _regions(row: Row, digests: Digests) -> object:
    """The places of the regions, with the words that are for each."""
    if row.recipe.regions is None:
        return None
    step = row.counted
    texts = [text for whole in row.conditionings for _, text in whole.regions]
    return row.recipe.regions, tuple((one.weight, digests.of(one.at(step))) for one in texts)
