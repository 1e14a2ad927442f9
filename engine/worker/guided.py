"""The prediction of one row from what its batch entries gave: guidance, and what acts beside it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.worker import guidance, thresholding
from engine.worker.row import Row

CFG_PLUS = 12.5  # A1111's guidance of CFG++ is so many times that of its paper


def guided(row: Row, output: Tensor, shown: Tensor) -> Tensor:
    """The prediction away from the negative towards each text, u + Σ weight · guidance · (text - u), and away from what
    disturbed attention foresees of it, + Σ scale · weight · (text - disturbed). Where A1111 leaves the negative out,
    the first text stands for it. Behind it u, where the sampler wants to know it.

    `output` is (entries, 4, h, w) in the order of the row's conditionings, `shown` (1, 4, h, w) what the UNet was."""
    against, count = row.against, len(row.positive)
    first = 0 if against is None else 1 if against.empty is None else 2
    texts = torch.split(output[first : first + count], 1)
    strays = torch.split(output[first + count :], count) if row.astray else ()
    if row.negative is None:
        return _away(row, texts[0], texts, strays)
    without = output[first - 1 : first] if first else texts[0]  # with no words at all, where the negative acts across
    scale = 1.0 if against is None else full_scale(row)
    pulls = [part.weight * (text - without) for part, text in zip(row.positive, texts, strict=True)]
    asked = pulls
    if first == 2:
        pulls = [_across(sum(pulls, torch.zeros_like(without)), output[:1] - without, row.recipe.perpendicular)]
    if row.recipe.threshold and against is not None:
        prediction = thresholding.thresholded(row, row.recipe.threshold, without, sum(pulls, 0 * without), scale, shown)
    else:
        prediction = without
        for pull in pulls:
            prediction = prediction + scale * pull
    prediction = _away(row, prediction, texts, strays)
    if row.recipe.rescale:
        # With the spread of what the words alone give (Lin et al. 2023, section 3.4), as far as the recipe says.
        spread = (without + sum(asked)).std() / prediction.std()
        prediction = row.recipe.rescale * spread * prediction + (1 - row.recipe.rescale) * prediction
    return torch.cat([prediction, without]) if row.walk and row.walk.plus else prediction


def full_scale(row: Row) -> float:
    """The guidance of the call to come, where the negative acts in it."""
    # A UNet that was distilled with its guidance has done that part itself.
    scale = 1.0 if row.loaded.unet.config.time_cond_proj_dim is not None else row.recipe.guidance
    if scale != 1.0 and row.recipe.guidance_curve:
        scale = guidance.scale(row.recipe, row.time, row.loaded.signal.shape[0])
    return scale / CFG_PLUS if row.walk and row.walk.plus else scale


def _across(wanted: Tensor, unwanted: Tensor, scale: float) -> Tensor:
    """What is wanted, less what of the unwanted is at right angles to it (Perp-Neg: Armandpour et al. 2023), both
    measured from no words at all: nothing of what was asked for is taken away."""
    along = (unwanted * wanted).sum() / wanted.square().sum().clamp_min(torch.finfo(wanted.dtype).tiny)
    return wanted - scale * (unwanted - along * wanted)


def _away(row: Row, prediction: Tensor, texts: Sequence[Tensor], strays: Sequence[Tensor]) -> Tensor:
    """The prediction further away from those of the disturbed."""
    for way, stray in zip(row.astray, strays, strict=True):
        for part, text, other in zip(row.positive, texts, torch.split(stray, 1), strict=True):
            prediction = prediction + way.at(row.time) * part.weight * (text - other)
    return prediction
