"""Schedulers: what diffusers calls the samplers, one object for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import diffusers

from engine.samplers import find_sampler


def scheduler(name: str, config: Mapping[str, Any], seed: int) -> Any:
    """A fresh diffusers scheduler for one row, made with `from_config(config, **overrides)`.

    `config` is the model's own scheduler configuration; `seed` reaches the samplers whose noise tree needs it.
    """
    row = find_sampler(name)
    overrides: dict[str, Any] = dict(row.overrides)
    if row.seeded:
        overrides["noise_sampler_seed"] = seed
    return getattr(diffusers, row.scheduler).from_config(config, **overrides)
