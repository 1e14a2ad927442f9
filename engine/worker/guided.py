"""The prediction of one row from what its batch entries gave."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.worker import guidance
from engine.worker.row import Row

CFG_PLUS = 12.5  # A1111's guidance of CFG++ is so many times that of its paper


def guided(row: Row, output: Tensor, shown: Tensor) -> Tensor:
    """The prediction away from the negative towards each text: u + Σ weight · guidance · (text - u). Where A1111 leaves
    the negative out, the first text stands for it. Behind it the negative's own, where the sampler wants to know it."""
    if row.negative is None:
        return output
    without = output[:1]
    scale = full_scale(row) if row.against is not None else 1.0
    texts = output[-len(row.positive) :]
    pulls = [part.weight * (text - without) for part, text in zip(row.positive, torch.split(texts, 1), strict=True)]
    prediction = without
    for pull in pulls:
        prediction = prediction + scale * pull
    if row.recipe.rescale:
        # With the spread of what the words alone give (Lin et al. 2023, section 3.4), as far as the recipe says.
        spread = (without + sum(pulls)).std() / prediction.std()
        prediction = row.recipe.rescale * spread * prediction + (1 - row.recipe.rescale) * prediction
    return torch.cat([prediction, without]) if row.walk and row.walk.plus else prediction


def full_scale(row: Row) -> float:
    """The guidance of the call to come, where the negative acts in it."""
    # A UNet that was distilled with its guidance has done that part itself.
    done = row.loaded.unet.config.time_cond_proj_dim is not None
    scale = 1.0 if done else guidance.scale(row.recipe, row.time, row.loaded.signal.shape[0])
    return scale / CFG_PLUS if row.walk and row.walk.plus else scale
