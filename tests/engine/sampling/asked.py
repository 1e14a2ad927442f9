"""Recipes in A1111's way with noise from the CPU's generator, and what their pictures have to be."""

from __future__ import annotations

from typing import Any

from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from tests.engine.drawing import Pixels, recipe
from tests.engine.sampling import oracle

NEAR = 2  # of 255
BY_TIMESTEP = ["DDIM", "DDIM CFG++", "PLMS", "UniPC"]


def own(sampler: str, steps: int = 5, **changes: Any) -> Recipe:
    """A recipe in A1111's way with noise from the CPU's generator; changes of its `like` go by its own names."""
    like = {name: changes.pop(name) for name in A1111.__dataclass_fields__ if name in changes}
    values: dict[str, Any] = {"guidance": 3.0, "seed": len(sampler)} | changes
    return recipe(negative="blurry", sampler=sampler, steps=steps, like=A1111(**{"rng": "CPU"} | like), **values)


def expected(loaded: Loaded, one: Recipe) -> Pixels:
    made = {"UniPC": oracle.unipc, "LCM": oracle.lcm}.get(one.sampler)
    made = made or (oracle.by_timestep if one.sampler in BY_TIMESTEP else oracle.latents)
    return oracle.picture(loaded, made(loaded, one))
