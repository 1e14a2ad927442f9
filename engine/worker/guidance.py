"""Where on its way a row takes its negative."""

from __future__ import annotations

from engine.recipe import Recipe


def acts(recipe: Recipe, time: float, timesteps: int) -> bool:
    """Whether guidance acts in a call at a timestep of so many (Kynkäänniemi et al. 2024): with the share of them that
    lies behind it at or past the recipe's `guidance_start` and before its `guidance_end`. Where it does not, the call
    has no negative."""
    if (recipe.guidance_start, recipe.guidance_end) == (0.0, 1.0):
        return True
    return recipe.guidance_start <= (timesteps - 1 - time) / timesteps < recipe.guidance_end
