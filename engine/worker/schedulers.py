"""Schedulers: what diffusers calls the samplers, one object for each row."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import diffusers

from engine.samplers import find_sampler

BOUNDS = frozenset({"clip_sample", "thresholding"})  # what diffusers calls the switches that clip


def scheduler(name: str, config: Mapping[str, Any], seed: int) -> Any:
    """A fresh diffusers scheduler for one row, made with `from_config(config, **overrides)`.

    `config` is the model's own scheduler configuration; `seed` reaches the samplers whose noise tree needs it.
    """
    row = find_sampler(name)
    kind = getattr(diffusers, row.scheduler)
    overrides: dict[str, Any] = dict(row.overrides)
    # Latents have no bounds; some schedulers clip where the model says nothing, others where it says so.
    overrides |= dict.fromkeys(BOUNDS & inspect.signature(kind.__init__).parameters.keys(), False)
    if row.seeded:
        overrides["noise_sampler_seed"] = seed
    return kind.from_config(config, **overrides)
