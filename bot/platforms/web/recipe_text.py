"""A recipe as the text that asks for it, to be put into the page's input."""

from __future__ import annotations

from dataclasses import replace

from bot.buttons import forms
from bot.studio import inside
from bot.studio.provenance import SIGNS
from bot.studio.recipes import HIRES
from engine.pixels.parameters import parameters
from engine.recipe import A1111, Recipe
from prompts import options as said
from prompts.errors import Refusal
from prompts.prompt import Options, Prompt


def as_text(recipe: Recipe) -> str:
    """What one would write to get this recipe: the person's words and the options that fix the rest; an infotext where
    there are no options for it. What neither has is left out (`left_out`)."""
    if not _has_options(recipe):
        return _as_infotext(recipe)
    options = [
        f"--model {_quoted(recipe.model)}",
        f"--size {recipe.width}x{recipe.height}",
        f"--steps {recipe.steps}",
        f"--sampler {_quoted(recipe.sampler)}",
        f"--guidance {recipe.guidance:g}",
        f"--seed {recipe.seed}",
        *([f"--quality {recipe.quality}"] if recipe.quality else []),
        *([f"--rescale {recipe.rescale:g}"] if recipe.rescale else []),
        *([f"--guidance-start {recipe.guidance_start:g}"] if recipe.guidance_start else []),
        *([f"--guidance-end {recipe.guidance_end:g}"] if recipe.guidance_end < 1 else []),
        *([f"--guidance-curve {recipe.guidance_curve.replace(' ', '-')}"] if recipe.guidance_curve else []),
        *inside.written(recipe),
        *([f"--vae {_quoted(recipe.vae)}"] if recipe.vae else []),
        *([f"--clip-skip {recipe.clip_skip}"] if recipe.clip_skip != 1 else []),
        *_like(recipe),
        *_over(recipe),
        *_finishing(recipe),
    ]
    prompt = recipe.prompt
    # Only what is around a picture is drawn where it is extended, without the subject that is in it already.
    extended = recipe.source is not None and (any(recipe.source.margins) or not prompt.part("subject"))
    if extended or prompt.seed not in (None, recipe.seed):  # the text would make other words: take those there are
        negative = prompt.negative
        prompt = replace(prompt, text=" ".join([prompt.positive, *map(str, prompt.loras)]), raw=True)
    else:
        negative = ", ".join(str(fragment) for fragment in prompt.negatives if fragment.origin != "preset")
    if negative:
        options.append(f"--negative {_quoted(negative)}")
    if prompt.raw:
        options.append("--raw")
    text, kept = _wish(prompt)
    if kept.style:
        options.append(f"--style {kept.style}")
    if kept.plain:
        options.append("--plain")
    return " ".join([text, *options])


def left_out(recipe: Recipe) -> list[str]:
    """What of a recipe can neither be said in options nor in an infotext, as the keys of its lines."""
    parts = {
        "mask": recipe.source and recipe.source.mask,
        "hires": recipe.source and recipe.hires not in (None, HIRES),  # an infotext has one strength for both
    }
    return [name for name, said in parts.items() if said]


def _has_options(recipe: Recipe) -> bool:
    """Whether options say all of a recipe that can be said."""
    like = recipe.like is None or recipe.like == A1111(schedule=recipe.like.schedule, rng=recipe.like.rng)
    plain = recipe.source is not None or recipe.hires in (None, HIRES)
    second = recipe.hypertile is not None and recipe.hypertile.second
    return like and plain and not (recipe.variation or recipe.refiner or second)


def _as_infotext(recipe: Recipe) -> str:
    """The words that were drawn with all that was said of them, and beneath it the options that no infotext has."""
    bare = replace(recipe, source=None, hires=None if recipe.source else recipe.hires)
    options = [
        *([f"--quality {recipe.quality}"] if recipe.quality else []),
        *_over(recipe),
        *_finishing(recipe),
        *(["--raw"] if recipe.prompt.raw else []),
    ]
    return "\n".join(filter(None, (parameters(bare), " ".join(options))))


def _like(recipe: Recipe) -> list[str]:
    """Whose way it is drawn in, which the usual one may not be, with the options of A1111's."""
    if recipe.like is None:
        return ["--like danqing"]
    return ["--like a1111", f"--schedule {_quoted(recipe.like.schedule)}", f"--rng {recipe.like.rng}"]


def _over(recipe: Recipe) -> list[str]:
    """The options for the picture that is drawn over."""
    if (source := recipe.source) is None:
        return []
    said = [f"--over {source.picture[:SIGNS]}", f"--strength {source.strength:g}"]
    if any(source.margins):
        said.append(f"--margins {'/'.join(map(str, source.margins))}")
    if source.mask:  # which cannot be said, nor how it was drawn in
        return said
    if source.fill:
        said.append(f"--fill {source.fill.replace(' ', '-')}")
    if source.blur:
        said.append(f"--mask-blur {source.blur}")
    if source.padding is not None:
        said.append(f"--only-masked {source.padding}")
    return said


def _finishing(recipe: Recipe) -> list[str]:
    """The options for what comes after drawing."""
    fixes = "+".join(fix.detector for fix in recipe.fixes)
    enlarged = [f"--upscale {_quoted(f'{one.upscaler}:{one.factor:g}')}"] if (one := recipe.upscale) else []
    if one and one.strength:
        enlarged.append(f"--redraw {one.strength:g}")
    return [*(["--hd"] if recipe.hires == HIRES else []), *([f"--fix {fixes}"] if fixes else []), *enlarged]


def _wish(prompt: Prompt) -> tuple[str, Options]:
    """The person's words without the options in them, for which those of the recipe stand; and what was read."""
    try:
        asked = said.flags(prompt.text) if prompt.raw else said.read_options(prompt.text)
    except Refusal:  # an older version read it; this one does not
        return prompt.text, Options()
    return forms.said(asked) or prompt.text, asked.options


def _quoted(value: str) -> str:
    return '"' + value.replace('"', "'") + '"' if " " in value else value
