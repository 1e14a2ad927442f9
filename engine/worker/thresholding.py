"""Dynamic thresholding: strong guidance without glare, as sd-dynamic-thresholding does it."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.further_guidance import MODES, Thresholding
from engine.sampling.levels import Levels, signal
from engine.worker.row import Row


def thresholded(row: Row, how: Thresholding, without: Tensor, pull: Tensor, guidance: float, shown: Tensor) -> Tensor:
    """The guided prediction, (1, 4, h, w), whose picture foreseen has been brought to the spread that the mimic scale
    would give it. `pull` is what guidance multiplies, `without` what it is added to, `shown` what the UNet was."""
    mimic, scale = _scales(row, how, guidance)
    kept, factor = _reading(row)
    picture = kept * shown + factor * without
    result = _brought(picture + factor * pull * mimic, picture + factor * pull * scale, how)
    return (result - kept * shown) / factor


def _scales(row: Row, how: Thresholding, guidance: float) -> tuple[float, float]:
    """The mimic scale and the guidance of the call to come."""
    if how.by == "time":
        last = len(row.loaded.signal) - 1
        share = min(max((last - row.time) / (last - 1), 0.0), 1.0)
    else:  # which A1111 counts in calls, so that samplers of second order go beyond the end
        made, steps = (row.walk.calls, row.recipe.steps) if row.walk else (row.step, row.steps)
        share = made / max(1, steps - 1)
    mimic, cfg = MODES[how.mode](share, how.value), MODES[how.cfg_mode](share, how.value)
    return how.minimum + (how.scale - how.minimum) * mimic, how.cfg_minimum + (guidance - how.cfg_minimum) * cfg


def _reading(row: Row) -> tuple[float, float]:
    """How much of what the UNet was shown and of what it answered makes the picture foreseen, as latents."""
    like = row.recipe.like
    own = signal(row.loaded.signal, downcast=like.downcast, zero_snr=like.zero_snr) if like else row.loaded.signal
    sigma = Levels(own).sigma(row.time)
    clear = (1 + sigma**2) ** -0.5
    match row.loaded.schedule.get("prediction_type", "epsilon"):
        case "v_prediction":
            return clear, -sigma * clear
        case "sample":
            return 0.0, 1.0
        case _:
            return 1 / clear, -sigma


def _brought(mimic: Tensor, guided: Tensor, how: Thresholding) -> Tensor:
    """The guided picture with the spread of the mimicked one."""
    means = guided.mean(dim=(2, 3), keepdim=True)
    mimic, guided_apart = mimic - mimic.mean(dim=(2, 3), keepdim=True), guided - means
    wanted, had = _spread(mimic, how, 1.0), _spread(guided_apart, how, how.percentile / 100)
    if how.start == "zero":
        result = guided * (wanted / had)
    elif how.measure == "std":
        result = guided_apart / had * wanted + means
    else:
        most = torch.maximum(wanted, had)
        result = guided_apart.clamp(-most, most) / most * wanted + means
    return result if how.mix == 1 else how.mix * result + (1 - how.mix) * guided


def _spread(apart: Tensor, how: Thresholding, share: float) -> Tensor:
    """How far values lie from their mean, of each channel or of all: their deviation or the distance within which such
    a share of them lies, (1, 4, 1, 1) or (1, 1, 1, 1)."""
    groups = apart.flatten(2) if how.channels == "separate" else apart.flatten(1)[:, None]
    spread = groups.std(dim=2) if how.measure == "std" else groups.abs().quantile(share, dim=2)
    return spread[..., None, None]
