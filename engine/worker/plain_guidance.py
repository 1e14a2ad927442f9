"""The guidance of rows that have one text and a negative each, of all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.models import streams
from engine.worker.guided import full_scale
from engine.worker.row import Row

ENTRIES = 2  # a negative and a text


def together(rows: Sequence[Row], width: int, output: Tensor) -> list[Tensor]:
    """The guided predictions of rows of one width that are guided plainly, (n, 4, h, w), from their entries; and the
    negatives' own behind it where their samplers want that. With the same result to the bit as each alone."""
    if width == 1:
        return [output.clone()]  # samplers keep it, and the call may write the next answer into the same memory
    without, text = output.view(len(rows), ENTRIES, *output.shape[1:]).unbind(1)
    scales = streams.sent(torch.tensor([full_scale(row) for row in rows]), output.device)
    predictions = torch.sub(text, without).mul_(scales.view(-1, 1, 1, 1)).add_(without)
    plus = rows[0].walk is not None and rows[0].walk.plus
    return [predictions, without.clone()] if plus else [predictions]
