"""How each parameter of a recipe is moved for a lesson: alone, and as far as what it does is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.studio.lesson_words import WordsMoved
from bot.studio.recipes import FACES, HIRES
from engine import a1111, samplers
from engine.files import catalog, compatibility, private
from engine.files.catalog import Companion, LoraFile, Model
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.recipe import A1111, FreeU, Recipe, Refiner, Upscale, Variation, following
from engine.samplers import SCHEDULES

NONE = "–"  # how a value is shown that is not there
_FREEU = {
    "demo": FreeU(1.1, 1.1, 0.9, 0.5),
    "sd15": FreeU(1.5, 1.6, 0.9, 0.2),
    "sd2": FreeU(1.4, 1.6, 0.9, 0.2),
    "sdxl": FreeU(1.3, 1.4, 0.9, 0.2),
}


@dataclass(frozen=True, slots=True)
class LessonFiles:
    """What lies on the disk that a parameter may be moved to, for the model that draws: other models that can draw the
    same, refiners, LoRAs and VAEs that fit."""

    model: Model
    models: Sequence[Model] = ()
    refiners: Sequence[Model] = ()
    loras: Sequence[LoraFile] = ()
    vaes: Sequence[Companion] = ()


def lying_beside(model: Model, folders: Sequence[Path]) -> LessonFiles:
    """What lies beside a model in these folders. It reads the disk."""
    akin = [one for one in catalog.models(folders) if one.family == model.family and one.name != model.name]
    refiners = [one for one in catalog.models(folders) if model.family == "sdxl" and one.family == "refiner"]
    return LessonFiles(
        model,
        models=akin,
        refiners=refiners or akin,
        loras=[
            one for one in catalog.loras(folders) if compatibility.lora_fits(one, model) and not private.half(one.path)
        ],
        vaes=[one for one in catalog.vaes(folders) if compatibility.vae_fits(one, model)],
    )


Moved = Callable[[Recipe, LessonFiles], Recipe | None]


def number(value: float) -> str:
    return f"{value:g}" if value else NONE


def steps(recipe: Recipe, beside: LessonFiles) -> Recipe:
    """So few that the picture is not done yet; from so few to three times as many."""
    return replace(recipe, steps=max(2, recipe.steps // 4) if recipe.steps >= 10 else recipe.steps * 4)


def guidance(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, guidance=1.0 if recipe.guidance >= 3 else 9.0)


def sampler(recipe: Recipe, beside: LessonFiles) -> Recipe:
    """Between those that add noise at each step and those that do not: what differs most."""
    calm = "DPM++ 2M" if recipe.like else "DPM++ 2M Karras"
    return replace(recipe, sampler=calm if recipe.sampler == "Euler a" else "Euler a")


def _bare(name: str) -> str:
    for tail in SCHEDULES:
        name = name.removesuffix(tail)
    return name


def schedule(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    if recipe.like:
        row = a1111.SAMPLERS.get(recipe.sampler)
        if row is None or row.levels == "timestep":
            return None
        now = row.schedule if recipe.like.schedule == a1111.AUTOMATIC else recipe.like.schedule
        other = "SGM Uniform" if now in ("Karras", "Exponential", "Polyexponential") else "Karras"
        return replace(recipe, like=replace(recipe.like, schedule=other))
    bare = _bare(recipe.sampler)
    other = bare if bare != recipe.sampler else f"{bare} Karras"
    return replace(recipe, sampler=other) if other in samplers.SAMPLERS else None


def schedule_shown(recipe: Recipe) -> str:
    if recipe.like:
        return recipe.like.schedule
    return recipe.sampler.removeprefix(_bare(recipe.sampler)).strip() or NONE


def like(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    """The same in A1111's way, or in diffusers', where both have the sampler."""
    if recipe.like:
        schedule = recipe.like.schedule
        named = f"{recipe.sampler} {schedule}"
        found = next((one for one in (named, recipe.sampler) if one in samplers.SAMPLERS), None)
        return replace(recipe, sampler=found, like=None) if found else None
    bare = _bare(recipe.sampler)
    if bare not in a1111.SAMPLERS:
        return None
    schedule = recipe.sampler.removeprefix(bare).strip() or a1111.AUTOMATIC
    return replace(recipe, sampler=bare, like=A1111(schedule=schedule))


def size(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    """Upright for wide; half as wide again for a square. What is drawn over or after something keeps its size."""
    if recipe.source or recipe.controls or recipe.regions:
        return None
    if recipe.width != recipe.height:
        return replace(recipe, width=recipe.height, height=recipe.width)
    return replace(recipe, width=round(recipe.width * 1.5 / 8) * 8)


def clip_skip(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, clip_skip=1 if recipe.clip_skip > 1 else 2)


def denoising(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    source = recipe.source
    if source is None or not source.strength or any(source.margins):
        return None
    return replace(recipe, source=replace(source, strength=0.25 if source.strength >= 0.5 else 0.8))


def variation(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, variation=None if recipe.variation else Variation(following(recipe.seed, 1), 0.5))


def hires(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, hires=None if recipe.hires else HIRES)


def hires_denoising(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    if recipe.hires is None:
        return None
    return replace(recipe, hires=replace(recipe.hires, strength=0.2 if recipe.hires.strength >= 0.5 else 0.75))


def upscale(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, upscale=None if recipe.upscale else Upscale("Lanczos", 2.0))


def fixes(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, fixes=() if recipe.fixes else (FACES,))


def vae(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    if recipe.vae and beside.model.vae:
        return replace(recipe, vae="")
    other = next((one.name for one in beside.vaes if one.name != recipe.vae), "")
    return replace(recipe, vae=other) if other else None


def model(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    return replace(recipe, model=beside.models[0].name) if beside.models else None


def refiner(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    if recipe.refiner:
        return replace(recipe, refiner=None)
    return replace(recipe, refiner=Refiner(beside.refiners[0].name, 0.5)) if beside.refiners else None


def control(name: str, low: float, high: float) -> Callable[[Recipe, LessonFiles], Recipe | None]:
    """The first control with this number of it low, or high where it is low already."""

    def moved(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
        if not recipe.controls:
            return None
        first, *others = recipe.controls
        value = low if getattr(first, name) > (low + high) / 2 else high
        return replace(recipe, controls=(replace(first, **{name: value}), *others))  # type: ignore[arg-type]

    return moved


def regions(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    if recipe.regions is None:
        return None
    return replace(recipe, regions=replace(recipe.regions, base=0.0 if recipe.regions.base >= 0.5 else 0.9))


def threshold(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
    """Only where guidance is so strong that there is something to be held back."""
    if recipe.threshold:
        return replace(recipe, threshold=None)
    return replace(recipe, threshold=Thresholding(recipe.guidance / 4)) if recipe.guidance >= 3 else None


def freeu(recipe: Recipe, beside: LessonFiles) -> Recipe:
    """With the numbers that its makers give for the model; small models take less of it."""
    on = _FREEU.get(beside.model.family, _FREEU["sd15"])
    return replace(recipe, freeu=None if recipe.freeu else on)


def pag(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, pag=None if recipe.pag else Perturbed(3.0, _layers(beside)))


def seg(recipe: Recipe, beside: LessonFiles) -> Recipe:
    return replace(recipe, seg=None if recipe.seg else Smoothed(3.0, _layers(beside)))


def _layers(beside: LessonFiles) -> str:
    """Where attention is disturbed: the middle, as its finders did; the built-in model has little there."""
    return "down+up" if beside.model.family == "demo" else "mid"


def turned(name: str, on: object, off: object) -> Callable[[Recipe, LessonFiles], Recipe]:
    """This field on, or off where it is on."""
    return lambda recipe, beside: replace(recipe, **{name: on if getattr(recipe, name) == off else off})  # type: ignore[arg-type]


def worded(move: WordsMoved) -> Callable[[Recipe, LessonFiles], Recipe | None]:
    def moved(recipe: Recipe, beside: LessonFiles) -> Recipe | None:
        prompt = move(recipe.prompt, beside.model, beside.loras)
        return None if prompt is None else replace(recipe, prompt=prompt)

    return moved


def seen(name: str) -> Callable[[Recipe], str]:
    return lambda recipe: str(getattr(recipe, name) or NONE)
