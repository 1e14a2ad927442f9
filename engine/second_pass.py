"""The second pass over a picture enlarged ("hires fix"): its size, its words, and the recipe that it is drawn by."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine import a1111, samplers
from engine.recipe import Fix, Hires, Recipe, Source
from engine.regions import Regions
from prompts import grammar
from prompts.prompt import Fragment, Prompt

WHOLE = "[PROMPT]"  # in ADetailer's words: those of the picture
STEP = 8  # sides are multiples of it
PLAIN_SCHEDULES = (a1111.AUTOMATIC, "Uniform", "Normal")  # a sampler's own


@dataclass(frozen=True, slots=True)
class SecondSize:
    """The pixels that the picture is enlarged to, and the box of them that is drawn: (left, top, right, bottom)."""

    enlarged: tuple[int, int]
    box: tuple[int, int, int, int]

    @property
    def finished(self) -> tuple[int, int]:
        """Width and height of what is drawn."""
        left, top, right, bottom = self.box
        return right - left, bottom - top


def size(recipe: Recipe, hires: Hires) -> SecondSize:
    """The size of a recipe's second pass. Where a width and a height are given and the picture has another shape, it
    covers both, and what is too much is cut off on both sides; one alone keeps the shape.

    Source: the behaviour of `calculate_target_resolution` in AUTOMATIC1111/stable-diffusion-webui 1.10.
    """
    width, height = recipe.width, recipe.height
    beyond = 0, 0
    if not hires.width and not hires.height:
        if recipe.like:
            wide, high = int(width * hires.factor), int(height * hires.factor)
        else:
            wide, high = (round(side * hires.factor / STEP) * STEP for side in (width, height))
    else:
        by_width = hires.width, hires.width * height // width
        by_height = hires.height * width // height, hires.height
        if not hires.height or (hires.width and width / height < hires.width / hires.height):
            wide, high = by_width
        else:
            wide, high = by_height
        if hires.width and hires.height:
            beyond = (wide - hires.width) // STEP, (high - hires.height) // STEP
    left, top = (cells // 2 * STEP for cells in beyond)
    right, bottom = (
        side // STEP * STEP - (cells + 1) // 2 * STEP for side, cells in zip((wide, high), beyond, strict=True)
    )
    return SecondSize((wide, high), (left, top, right, bottom))


def prompt(recipe: Recipe) -> Prompt:
    """The words of the second pass: its own, with the LoRAs that they name, or the picture's."""
    hires = recipe.hires
    return _worded(recipe.prompt, hires.prompt, hires.negative) if hires else recipe.prompt


def fix_prompt(recipe: Recipe, fix: Fix) -> Prompt:
    """The words that what is fixed is drawn again with: its own, with the LoRAs that they name, or the picture's."""
    first = recipe.prompt
    whole = " ".join([first.positive, *map(str, first.loras)])
    own = fix.prompt.replace(WHOLE, whole), fix.negative.replace(WHOLE, first.negative)
    return _worded(first, own[0].strip(" ,"), own[1].strip(" ,"))


def _worded(made: Prompt, positive: str, negative: str) -> Prompt:
    """A prompt with other words; "" for its own."""
    if positive:
        said, uses = grammar.loras(positive)
        made = replace(made, text=positive, fragments=(Fragment(said.strip()),), loras=uses, notes=())
    if negative:
        made = replace(made, negatives=(Fragment(negative),))
    return made


def all_words(recipe: Recipe) -> Prompt:
    """The words of both passes and of what is fixed as one prompt, for whoever judges what they ask for."""
    return _joined(first_words(recipe), prompt(recipe), recipe.prompt)


def first_words(recipe: Recipe) -> Prompt:
    """The words that the picture's own model is asked for: without those of the second pass."""
    made = recipe.prompt
    for fix in recipe.fixes:
        made = _joined(made, fix_prompt(recipe, fix), recipe.prompt)
    return made


def _joined(made: Prompt, more: Prompt, first: Prompt) -> Prompt:
    """Both as one; what says only the `first` again adds nothing."""
    if more is first:
        return made
    return replace(
        made,
        text=f"{more.text}\n{made.text}" if more.text != first.text else made.text,
        fragments=made.fragments + more.fragments,
        negatives=made.negatives + more.negatives,
        loras=made.loras + more.loras,
    )


def recipe(first: Recipe, hires: Hires) -> Recipe:
    """What the second pass is drawn by, over the enlarged picture. Raises Refusal for a sampler that there is not."""
    width, height = size(first, hires).finished
    sampler, schedule = _sampler(first, hires)
    return replace(
        first,
        prompt=prompt(first),
        model=hires.checkpoint or first.model,
        vae=hires.vae or first.vae,
        width=width,
        height=height,
        steps=hires.steps or first.steps,
        sampler=sampler,
        guidance=hires.guidance or first.guidance,
        source=Source("", hires.strength),
        regions=_regions(first, hires),
        token_merging=hires.token_merging or first.token_merging,
        hypertile=replace(first.hypertile, second=False) if first.hypertile else None,
        like=replace(first.like, schedule=schedule) if first.like else None,
    )


def _regions(first: Recipe, hires: Hires) -> Regions | None:
    """Those of the second pass, of what is drawn of the picture enlarged; none where it has words of its own that say
    nothing for each of them."""
    if first.regions is None or not regional(first.regions, hires):
        return None
    own = size(first, hires)
    (width, height), box = own.enlarged, own.box
    return first.regions.within((box[0] / width, box[1] / height, box[2] / width, box[3] / height))


def regional(regions: Regions, hires: Hires) -> bool:
    """Whether the words of a second pass are for regions: those of the first pass, or as many of its own, joined by
    AND."""
    return not hires.prompt or len(grammar.multicond(grammar.loras(hires.prompt)[0])) == len(regions.places) + 1


def _sampler(first: Recipe, hires: Hires) -> tuple[str, str]:
    """The sampler of the second pass, and its schedule where that stands apart as in A1111."""
    schedule = a1111.find_schedule(hires.schedule) if hires.schedule else ""
    if first.like:
        row, tail = a1111.find_sampler(hires.sampler or first.sampler)
        return row.name, schedule or (tail if hires.sampler else "") or first.like.schedule
    named = hires.sampler or first.sampler
    if schedule:
        named = next((named.removesuffix(tail) for tail in samplers.SCHEDULES if named.endswith(tail)), named)
        named = named if schedule in PLAIN_SCHEDULES else f"{named} {schedule}"
    return samplers.find_sampler(named).name, ""
