"""What a picture asks of the UNet: how often it is called for its steps, and with how many entries. No torch here."""

from __future__ import annotations

from engine import a1111, qualities, samplers
from engine.recipe import Recipe
from prompts import grammar

# Schedulers of diffusers that ask the model twice a step but for the last one, and once more than there are steps.
TWICE = (
    "HeunDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
    "DPMSolverSDEScheduler",
)
ONE_MORE = ("PNDMScheduler",), ("PLMS", "UniPC")  # of diffusers, of A1111
ADAPTIVE, CALLS = "DPM adaptive", 60.0  # whatever steps are said: most pictures take so many
# Sigmas of a model, largest first, as Karras' schedule goes: where the negative is left out below one of them.
MOST, LEAST, RHO = 14.6, 0.03, 7.0
# Of the finest level of SD 1.5's UNet at 512 × 512 merging half of the tokens took a quarter and tiles nearly a third
# of the time away (docs/bench/README.md); that level is about half of the work. So of all tokens, and by tiles:
MERGED, TILES = 0.25, 0.15


def calls(recipe: Recipe, steps: float) -> float:
    """The calls of the UNet for so many steps of a recipe's sampler."""
    if recipe.like:
        if recipe.sampler == ADAPTIVE:
            return CALLS
        row = a1111.SAMPLERS.get(recipe.sampler)
        return _calls(steps, twice=row is not None and row.twice, more=recipe.sampler in ONE_MORE[1])
    name = next((recipe.sampler.removesuffix(tail) for tail in samplers.SCHEDULES if recipe.sampler.endswith(tail)), "")
    own = samplers.SAMPLERS.get(recipe.sampler) or samplers.SAMPLERS.get(name)
    scheduler = own.scheduler if own else ""
    return _calls(steps, twice=scheduler in TWICE, more=scheduler in ONE_MORE[0])


def _calls(steps: float, *, twice: bool, more: bool) -> float:
    return max(steps, 2 * steps - 1) if twice else steps + more


def texts(recipe: Recipe) -> int:
    """The texts that AND joins, where they are not for parts of the picture, which are asked in one."""
    return 1 if recipe.regions is not None else len(grammar.multicond(recipe.prompt.positive)) or 1


def unwanted(recipe: Recipe) -> float:
    """The entries of the negative in a call, on average over all of them."""
    like = recipe.like
    guided = recipe.guidance != 1 if like else recipe.guidance > 1
    if not (guided or texts(recipe) > 1 or (like and recipe.sampler == "DDIM CFG++")):
        return 0.0
    acts = max(0.0, recipe.guidance_end - recipe.guidance_start)
    if like:
        acts *= 1 - like.skip_early
        acts -= acts * _below(like.ngms) * (1.0 if like.ngms_all else 0.5)
    return acts * (2 if recipe.perpendicular and recipe.prompt.negative.strip() else 1)


def _below(sigma: float) -> float:
    """The share of the way on which sigma is smaller."""
    if sigma <= LEAST:
        return 0.0
    most, least, here = (float(one ** (1 / RHO)) for one in (MOST, LEAST, min(sigma, MOST)))
    return (here - least) / (most - least)


def astray(recipe: Recipe) -> float:
    """The entries whose attention is disturbed, in a call on average."""
    ways = 0.0
    if recipe.pag:
        ways += min(1.0, recipe.pag.scale / recipe.pag.adaptive / 1000) if recipe.pag.adaptive else 1.0
    ways += bool(recipe.seg)
    return ways * texts(recipe)


def pace(recipe: Recipe) -> float:
    """How long an entry takes, against one of which all levels are computed as they are."""
    took = next((one.share for one in qualities.QUALITIES.values() if one.name == recipe.quality), 1.0)
    took *= 1 - MERGED * recipe.token_merging
    return took * (1 - TILES if recipe.hypertile and not recipe.hypertile.second else 1.0)
