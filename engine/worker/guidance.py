"""Where on its way a row takes its negative, and how strongly."""

from __future__ import annotations

from engine.further_guidance import Perturbed, Smoothed
from engine.guidance_curves import GUIDANCE_CURVES
from engine.recipe import Recipe


def acts(recipe: Recipe, time: float, timesteps: int) -> bool:
    """Whether guidance acts in a call at a timestep of so many (Kynkäänniemi et al. 2024): with the share of them that
    lies behind it at or past the recipe's `guidance_start` and before its `guidance_end`. Where it does not, the call
    has no negative."""
    if always(recipe):
        return True
    return recipe.guidance_start <= _behind(time, timesteps) < recipe.guidance_end


def always(recipe: Recipe) -> bool:
    """Whether it acts in every call."""
    return recipe.guidance_start == 0.0 and recipe.guidance_end == 1.0


def scale(recipe: Recipe, time: float, timesteps: int) -> float:
    """The guidance of a call at a timestep of so many: what the recipe says, what is above 1 of it times its curve."""
    if not recipe.guidance_curve:
        return recipe.guidance
    return 1.0 + (recipe.guidance - 1.0) * GUIDANCE_CURVES[recipe.guidance_curve](_behind(time, timesteps))


def acts_across(recipe: Recipe) -> bool:
    """Whether the negative acts only across what the words ask for; one without words acts on nothing."""
    return recipe.perpendicular > 0 and bool(recipe.prompt.negative.strip())


def astray(recipe: Recipe, time: float) -> tuple[Perturbed | Smoothed, ...]:
    """The ways in which attention is disturbed in a call at a timestep, none where their scale is 0 there."""
    return tuple(one for one in (recipe.pag, recipe.seg) if one and one.at(time) > 0)


def _behind(time: float, timesteps: int) -> float:
    return min(max((timesteps - 1 - time) / timesteps, 0.0), 1.0)
