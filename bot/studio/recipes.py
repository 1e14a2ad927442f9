"""From what was understood to what will be drawn: sizes, steps, seeds and models filled in."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

from bot.studio import inside, own_values
from engine import a1111, guidance_curves, qualities, samplers, second_pass
from engine.files import catalog, compatibility, detectors, few_steps, sizes
from engine.files.catalog import Model
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.recipe import (
    A1111,
    MAX_SEED,
    USUAL_SEED,
    Fix,
    Hires,
    Recipe,
    Refiner,
    Soft,
    Source,
    Upscale,
    Variation,
    following,
)
from engine.regions import Regions
from prompts import controls, styles
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.option_values import SOFT
from prompts.prompt import Json, LoraUse, Note, Options, Prompt, was_said
from prompts.prompt import merged as merged
from prompts.region_colours import told
from prompts.regions import AskedRegions

UPSCALER = "Lanczos"  # where only the factor was said
FACTOR = 2.0  # where only the upscaler was said, or that the enlarged picture be drawn over
# Guidance rescale where nobody said one and the model was trained down to pure noise: guidance would make its pictures
# glare. The value that was found best by those who found the method (Lin et al. 2023).
RESCALE = 0.7
HIRES = Hires(factor=1.5, strength=0.4, upscaler="Lanczos")
FACES = Fix("face", 0.4)  # img2img strength as in ADetailer's own default: the same face, drawn with more pixels
SWITCH = 0.8  # where A1111's refiner takes over
LIKE = tuple(field.name for field in fields(A1111))  # options of the same names
NO_MARGINS = (0, 0, 0, 0)
# Options that need a mask, as an infotext calls them.
_OF_A_MASK = {
    "fill": "Masked content",
    "mask_blur": "Mask blur",
    "padding": "Masked area padding",
    "soft": "Soft inpainting",
}
STRENGTH = 0.6  # img2img strength where nobody said one: the subject may change, the composition stays


@dataclass(frozen=True, slots=True)
class SizedSource:
    """A picture to draw over, with its size in pixels; `masked` where a part of it is marked to be redrawn, `mask` the
    hash of the file that marks it, "" where the picture does itself."""

    picture: str
    width: int
    height: int
    masked: bool = False
    mask: str = ""


def new_seed() -> int:
    """A seed that nobody chose."""
    return random.randint(0, USUAL_SEED)


def chosen(settings: Mapping[str, Json]) -> Options:
    """The options in a person's own settings (/settings)."""
    named = {name: settings.get(name) for name in ("model", "style", "ratio", "count", "quality")}
    return merged(own_values.defaults(settings), Options(**cast(Any, named)))


def options_of(recipe: Recipe) -> Options:
    """The options that ask for what a recipe says."""
    like = {"like": "a1111"} | {name: getattr(recipe.like, name) for name in LIKE} if recipe.like else {}
    return Options(
        width=recipe.width,
        height=recipe.height,
        steps=recipe.steps,
        sampler=recipe.sampler,
        guidance=recipe.guidance,
        seed=recipe.seed,
        model=recipe.model,
        quality=recipe.quality or qualities.FULL,
        rescale=recipe.rescale,
        guidance_start=recipe.guidance_start,
        guidance_end=recipe.guidance_end,
        guidance_curve=recipe.guidance_curve or "constant",
        perpendicular=recipe.perpendicular,
        mimic=str(recipe.threshold or "0"),
        pag=str(recipe.pag or "0"),
        seg=str(recipe.seg or "0"),
        regions=_asked(recipe.regions) if recipe.regions else None,
        clip_skip=recipe.clip_skip,
        **inside.asked(recipe),
        **cast(Any, like),
    )


def _asked(regions: Regions) -> str:
    return str(AskedRegions(regions.places, regions.base, regions.map))


def carried(made: Recipe, from_: Recipe, *, fresh: bool) -> Recipe:
    """A recipe made anew from another's options, with what options do not say; `fresh`: the seed is another one."""
    regions = made.regions
    if regions and from_.regions and regions.colours and not regions.map:  # other words for the same map
        regions = replace(regions, map=from_.regions.map)
    return replace(
        made,
        regions=regions,
        source=from_.source,
        variation=made.variation or (None if fresh else from_.variation),
        hires=made.hires or from_.hires,
        fixes=made.fixes or from_.fixes,
        controls=made.controls or from_.controls,
        refiner=made.refiner or from_.refiner,
        vae=made.vae or from_.vae,
    )


def joined(*layers: Sequence[LoraUse]) -> tuple[LoraUse, ...]:
    """LoRAs of several layers; of those with one name, the later layer's weight counts."""
    found: dict[str, LoraUse] = {}
    for use in itertools.chain.from_iterable(layers):
        found.pop(use.name, None)
        found[use.name] = use
    return tuple(found.values())


def always(settings: Mapping[str, Json]) -> tuple[LoraUse, ...]:
    """The LoRAs that a person's settings put into every picture."""
    rows = cast(list[tuple[str, float]], settings.get("loras") or [])
    return tuple(LoraUse(name, weight) for name, weight in rows)


def shapeless(options: Options) -> Options:
    """Options of a default, without the shape of the picture: one that is drawn over keeps its own."""
    return replace(options, ratio=None, width=None, height=None)


def suited(style: str, model: Model) -> Options:
    """The recipe fields that suit a style, for where the person said nothing. Models that have their own quick ways, as
    the demonstration and distilled ones, keep their speed."""
    options = styles.find_style(style).options
    quick = model.family == "demo" or model.steps < catalog.FAMILIES[model.family].steps / 2
    return replace(options, sampler=None, steps=None) if quick else options


def make(
    prompt: Prompt,
    options: Options,
    model: Model,
    *,
    most: int,
    source: SizedSource | None = None,
    shape: SizedSource | None = None,
) -> tuple[Recipe, ...]:
    """One recipe per picture asked for, seeds in a row, over `source` or in the shape of another picture. Controls that
    are still asked for have no picture. Raises Refusal for what is unknown or out of range."""
    prompt, options = _of_a_mask(prompt, options, source)
    prompt, options = _without_controls(prompt, options)
    prompt, options = _without_map(prompt, options)
    count = 1 if options.count is None else options.count
    if not 1 <= count <= most:
        raise Refusal("count.not_allowed", count=count, limit=most)
    distilled = (few_steps.few_steps("", use.name) for use in prompt.loras if use.weight)
    usual = next(filter(None, distilled), model)
    steps = options.steps if options.steps is not None else usual.steps
    if not 1 <= steps <= catalog.MAX_STEPS:
        raise Refusal("steps.not_allowed", steps=steps, limit=catalog.MAX_STEPS)
    guidance = options.guidance if options.guidance is not None else usual.guidance
    if not (math.isfinite(guidance) and 0 <= guidance <= catalog.MAX_GUIDANCE):
        raise Refusal("guidance.not_allowed", guidance=guidance, limit=catalog.MAX_GUIDANCE)
    seed = new_seed() if options.seed is None or options.seed == -1 else options.seed
    if not 0 <= seed <= MAX_SEED:
        raise Refusal("seed.not_allowed", limit=MAX_SEED)
    sampler, schedule = sampled(options, usual.sampler)
    rescale = options.rescale
    if rescale is None:
        rescale = RESCALE if model.zero_snr and guidance > 1 and not schedule else 0.0
    if not 0 <= rescale <= 1:
        raise Refusal("rescale.not_allowed", rescale=rescale)
    begin, end = options.guidance_start or 0.0, 1.0 if options.guidance_end is None else options.guidance_end
    if not 0 <= begin < end <= 1:
        raise Refusal("guided.not_allowed", start=begin, end=end)
    width, height = size(options, model, source or shape)
    redrawn = options.redraw or 0.0
    enlarged = options.upscaler or options.upscale or redrawn
    strength = STRENGTH if options.strength is None else options.strength
    if not 0 <= strength <= 1:
        raise Refusal("strength.not_allowed", strength=strength)
    like = None
    if schedule:
        said = {name: value for name in LIKE if was_said(value := getattr(options, name))}
        like = A1111(**cast(Any, said | {"schedule": schedule}))
        if options.like != "a1111":  # asked for by what only A1111 has
            name = f"{sampler} {schedule}".removesuffix(f" {a1111.AUTOMATIC}")
            prompt = replace(prompt, notes=(*prompt.notes, Note("note.like_a1111", {"name": name})))
    first = Recipe(
        prompt=prompt,
        model=model.name,
        width=width,
        height=height,
        steps=steps,
        sampler=sampler,
        guidance=guidance,
        seed=seed,
        source=_over(options, source, strength),
        # Not drawn large from nothing: beyond the size that a model knows, things come double.
        hires=_hires(options) or (HIRES if options.large else None),
        upscale=Upscale(options.upscaler or UPSCALER, options.upscale or FACTOR, redrawn) if enlarged else None,
        fixes=_fixes(options),
        vae=options.vae or "",
        quality=qualities.quality(options.quality or "").name,
        rescale=rescale,
        guidance_start=begin,
        guidance_end=end,
        guidance_curve=guidance_curves.guidance_curve(options.guidance_curve or ""),
        **inside.inside(options),
        perpendicular=options.perpendicular or 0.0,
        threshold=Thresholding.of(options.mimic or "0"),
        pag=Perturbed.of(options.pag or "0"),
        seg=Smoothed.of(options.seg or "0"),
        regions=_regions(prompt, options, model),
        clip_skip=options.clip_skip or 1,
        refiner=Refiner(options.refiner, options.refiner_switch or SWITCH) if options.refiner else None,
        like=like,
    )
    numbers = range(count)
    if options.variation_strength:  # then the seeds in a row are those that the noise is moved towards
        towards = new_seed() if options.variation_seed in (None, -1) else options.variation_seed
        moves = (Variation(following(towards, index), options.variation_strength) for index in numbers)
        return tuple(replace(first, variation=one) for one in moves)
    return tuple(replace(first, seed=following(seed, index)) for index in numbers)


def sampled(options: Options, usual: str) -> tuple[str, str]:
    """The sampler that options ask for, and the schedule with it where it is drawn in A1111's way, which is also taken
    where only that has them; else "". Raises Refusal for what neither has."""
    named = options.sampler or usual
    if options.like != "a1111":
        if own := _ours(named, options.schedule):
            return own, ""
        if not a1111.has(named):
            samplers.find_sampler(named)  # which says what is near
    row, tail = a1111.find_sampler(named)
    schedule = a1111.find_schedule(options.schedule) if options.schedule else tail or a1111.AUTOMATIC
    if options.like == "danqing":
        raise Refusal("sampler.like", name=f"{row.name} {schedule}".removesuffix(f" {a1111.AUTOMATIC}"))
    return row.name, schedule


def _ours(named: str, schedule: str | None) -> str:
    """The sampler with its schedule as one name of diffusers' way; "" where there is none."""
    if schedule:
        for tail in samplers.SCHEDULES:
            named = named.removesuffix(tail)
        wanted = a1111.find_schedule(schedule)
        named = named if wanted == a1111.AUTOMATIC else f"{named} {wanted}"
    try:
        return samplers.find_sampler(named).name
    except Refusal:
        return ""


def _regions(prompt: Prompt, options: Options, model: Model) -> Regions | None:
    """The regions that options ask for. Raises Refusal where the prompt has other texts than places."""
    if not options.regions:
        return None
    made = Regions.of(options.regions, catalog.FAMILIES[model.family].shared)
    made.check(prompt)
    return made


def _hires(options: Options) -> Hires | None:
    """The second pass that an infotext tells of; with A1111's own values where it is silent."""
    names = (field.name for field in fields(Hires))
    said = {name: value for name in names if was_said(value := getattr(options, f"hires_{name}"))}
    if said and said.keys() <= {"checkpoint", "vae"}:  # asked for beside the words, where an infotext has its size too
        return replace(HIRES, **cast(Any, said))
    return Hires(**cast(Any, {"factor": 2.0, "strength": 0.7} | said)) if said else None


def _of_a_mask(prompt: Prompt, options: Options, source: SizedSource | None) -> tuple[Prompt, Options]:
    """What an infotext says of a mask is put aside by name where nothing is marked: its picture is not here."""
    named = [label for name, label in _OF_A_MASK.items() if was_said(getattr(options, name))]
    if not named or (source and source.masked) or reading.pasted(prompt.text) is None:
        return prompt, options
    note = Note("note.no_mask", {"options": ", ".join(named)})
    return replace(prompt, notes=(*prompt.notes, note)), replace(
        options, fill=None, mask_blur=None, padding=None, soft=False
    )


def _without_controls(prompt: Prompt, options: Options) -> tuple[Prompt, Options]:
    """What an infotext says of controls is put aside by name: their picture is not here. Raises Refusal
    `control.no_picture` for controls that somebody asks for."""
    if not options.controls:
        return prompt, options
    names = [one.net or one.name for one in controls.of_options(options)]
    if reading.pasted(prompt.text) is None:
        raise Refusal("control.no_picture", name=names[0][:40])
    return with_control_aside(prompt, names), replace(options, controls=None)


def _without_map(prompt: Prompt, options: Options) -> tuple[Prompt, Options]:
    """What an infotext says of regions that were painted is put aside by name where their map is not here. A second
    pass with words that are not for regions is told."""
    if not options.regions:
        return prompt, options
    said = Regions.of(options.regions)
    if said.colours and not said.map and reading.pasted(prompt.text):
        note = Note("note.map_aside", {"colours": told(said.colours)})
        return replace(prompt, notes=(*prompt.notes, note)), replace(options, regions=None)
    if (hires := _hires(options)) and not second_pass.regional(said, hires):
        prompt = replace(prompt, notes=(*prompt.notes, Note("note.hires_without_regions")))
    return prompt, options


def with_control_aside(prompt: Prompt, names: Sequence[str]) -> Prompt:
    """The prompt with a note that these controls of an infotext are left out."""
    note = Note("note.control_aside", {"names": ", ".join(dict.fromkeys(names))[:200]})
    return replace(prompt, notes=(*prompt.notes, note))


def _fixes(options: Options) -> tuple[Fix, ...]:
    """What is looked for and drawn again, each with the words that are its own."""
    kinds = [detectors.kind(one) for one in (options.fix or "").split("+") if one]
    strength = FACES.strength if options.fix_strength is None else options.fix_strength
    words = ([*(said or ()), *[""] * len(kinds)] for said in (options.fix_prompts, options.fix_negatives))
    return tuple(Fix(kind, strength, *own) for kind, *own in zip(kinds, *words, strict=False))


def _over(options: Options, source: SizedSource | None, strength: float) -> Source | None:
    """What is drawn over. Raises Refusal `mask.none` where something is said of a mask and there is none."""
    if (source is None or not source.masked) and any(was_said(getattr(options, name)) for name in _OF_A_MASK):
        raise Refusal("mask.none")
    if source is None:
        return None
    fill = "" if options.fill == "original" else options.fill or ""
    return Source(
        source.picture,
        strength,
        mask=source.mask,
        margins=options.margins or NO_MARGINS,
        fill=fill,
        blur=options.mask_blur or 0,
        padding=options.padding,
        soft=_softly(options),
    )


def _softly(options: Options) -> Soft | None:
    """How softly a mask acts. Raises Refusal `soft.like` where it is to be drawn in our way."""
    if not options.soft:
        return None
    if options.like == "danqing":
        raise Refusal("soft.like")
    said = {name: value for name in SOFT if was_said(value := getattr(options, f"soft_{name}"))}
    return Soft(**said)


def check(made: Sequence[Recipe], folders: Sequence[Path]) -> None:
    """Raises Refusal for what the model, an upscaler or a detector does not do, and for what does not go with the
    model, before anything waits for it."""
    models = catalog.models(folders)
    for recipe in made:
        if recipe.regions and recipe.regions.colours and not recipe.regions.map:
            raise Refusal("regions.no_map", colours=told(recipe.regions.colours))
        model = catalog.model(models, recipe.model, folders)
        sizes.finished_size(recipe, model, folders)
        compatibility.check_recipe(recipe, model, folders)


def size(options: Options, model: Model, source: SizedSource | None = None) -> tuple[int, int]:
    """Width and height in pixels: as said, or of the ratio that was said (or that the source has) at the
    model's own area."""
    if options.width and options.height:
        return options.width, options.height
    area = model.width * model.height
    ratio = options.ratio or (source.width / source.height if source else model.width / model.height)
    ratio = min(max(ratio, 0.25), 4.0)
    return _eighth(math.sqrt(area * ratio)), _eighth(math.sqrt(area / ratio))


def _eighth(pixels: float) -> int:
    return max(8, round(pixels / 8) * 8)
