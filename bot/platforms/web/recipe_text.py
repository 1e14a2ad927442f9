"""A recipe as the text that asks for it, to be put into the page's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.buttons import forms
from bot.studio import inside, recipes
from bot.studio.provenance import SIGNS
from bot.studio.recipes import HIRES
from engine.control import Control
from engine.pixels.parameters import parameters
from engine.recipe import A1111, Hires, Recipe
from prompts import grammar
from prompts import options as said
from prompts.controls import NONE, AskedControl
from prompts.errors import Refusal
from prompts.expand import FILLED
from prompts.prompt import Json, LoraUse, Options, Prompt


def as_text(recipe: Recipe, settings: Mapping[str, Json] | None = None) -> str:
    """What somebody with these settings would write to get this recipe: the person's words and the options that fix the
    rest; an infotext where there are no options for it, or the settings would make something else of the text. What
    neither has is left out (`left_out`)."""
    text, kept = _wish(recipe.prompt)
    style = kept.style or recipe.prompt.style
    if not _has_options(recipe) or _otherwise(recipe.prompt, style, settings or {}):
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
        *([f"--perp-neg {recipe.perpendicular:.9g}"] if recipe.perpendicular else []),
        *([f"--mimic {recipe.threshold}"] if recipe.threshold else []),
        *([f"--pag {recipe.pag}"] if recipe.pag else []),
        *([f"--seg {recipe.seg}"] if recipe.seg else []),
        *([f"--vae {_quoted(recipe.vae)}"] if recipe.vae else []),
        *([f"--clip-skip {recipe.clip_skip}"] if recipe.clip_skip != 1 else []),
        *_like(recipe),
        *_over(recipe),
        *_controls(recipe),
        *_finishing(recipe),
    ]
    prompt = recipe.prompt
    # Only what is around a picture is drawn where it is extended, without the subject that is in it already.
    extended = recipe.source is not None and (any(recipe.source.margins) or not prompt.part("subject"))
    if extended or prompt.seed not in (None, recipe.seed):  # the text would make other words: take those there are
        negative = prompt.negative
        prompt = replace(prompt, text=" ".join([prompt.positive, *map(str, prompt.loras)]), raw=True)
        text, kept, style = prompt.text, Options(), ""
    else:
        text = " ".join([text, *map(str, _unnamed(prompt, text))])
        negative = ", ".join(str(fragment) for fragment in prompt.negatives if fragment.origin != "preset")
    if negative:
        options.append(f"--negative {_quoted(negative)}")
    if prompt.raw:
        options.append("--raw")
    if style:
        options.append(f"--style {style}")
    if kept.plain:
        options.append("--plain")
    return " ".join([text, *options])


def _otherwise(prompt: Prompt, style: str, settings: Mapping[str, Json]) -> bool:
    """Whether somebody's settings would make another prompt of its text: with a style or a LoRA of theirs, without what
    it was filled up with, or as it stands. Nothing is made of an infotext."""
    here = {lora.name for lora in prompt.loras}
    if settings.get("assistant") is False or any(one.name not in here for one in recipes.always(settings)):
        return True
    filled = settings.get("expand") is False and any(note.key == FILLED for note in prompt.notes)
    return not prompt.raw and (filled or bool(recipes.chosen(settings).style and not style))


def _unnamed(prompt: Prompt, text: str) -> list[LoraUse]:
    """The LoRAs that the text does not name: those that the person always wants, or chose by a button."""
    named = {one.name.casefold() for one in grammar.networks(said.loras_written(text))[1]}
    return [] if prompt.raw else [lora for lora in prompt.loras if lora.name.casefold() not in named]


def left_out(recipe: Recipe) -> list[str]:
    """What of a recipe can neither be said in options nor in an infotext, as the keys of its lines."""
    parts = {
        "mask": recipe.source and recipe.source.mask,
        "hires": recipe.source and recipe.hires and not _usual(recipe.hires),  # an infotext has one strength for both
    }
    return [name for name, said in parts.items() if said]


def _usual(hires: Hires) -> bool:
    """Whether options say a second pass: the usual one, be it with a model and a VAE of its own."""
    return replace(hires, checkpoint="", vae="") == HIRES


def _has_options(recipe: Recipe) -> bool:
    """Whether options say all of a recipe that can be said."""
    like = recipe.like is None or recipe.like == A1111(schedule=recipe.like.schedule, rng=recipe.like.rng)
    plain = recipe.source is not None or recipe.hires is None or _usual(recipe.hires)
    second = recipe.hypertile is not None and recipe.hypertile.second
    worded = any(fix.prompt or fix.negative for fix in recipe.fixes)
    return like and plain and not (recipe.variation or recipe.refiner or second or worded)


def _as_infotext(recipe: Recipe) -> str:
    """The words that were drawn with all that was said of them, and beneath it the options that no infotext has."""
    bare = replace(recipe, source=None, hires=None if recipe.source else recipe.hires, controls=())
    options = [
        *([f"--quality {recipe.quality}"] if recipe.quality else []),
        *_over(recipe),
        *_controls(recipe),
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
    if source.soft:
        said.append(f"--soft-inpainting {'/'.join(f'{value:g}' for value in source.soft.to_json().values())}")
    return said


def _controls(recipe: Recipe) -> list[str]:
    """The options for what guides its shapes, with the maps that were made for it."""
    return [f"--control {_quoted(str(_asked(one)))}" for one in recipe.controls]


def _asked(control: Control) -> AskedControl:
    return AskedControl(
        control.preprocessor or control.net,
        control.strength,
        control.start,
        control.end,
        control.mode,
        control.fit,
        control.stages,
        control.type,
        net=control.net if control.preprocessor else "",
        by="" if control.preprocessor else NONE,
        map=control.picture[:SIGNS],
        mask=control.mask[:SIGNS],
        low=control.low,
        high=control.high,
    )


def _finishing(recipe: Recipe) -> list[str]:
    """The options for what comes after drawing."""
    fixes = "+".join(fix.detector for fix in recipe.fixes)
    enlarged = [f"--upscale {_quoted(f'{one.upscaler}:{one.factor:g}')}"] if (one := recipe.upscale) else []
    if one and one.strength:
        enlarged.append(f"--redraw {one.strength:g}")
    hires = recipe.hires if recipe.hires and _usual(recipe.hires) else None
    larger = ["--hd"] if hires else []
    if hires and hires.checkpoint:
        larger.append(f"--hires-checkpoint {_quoted(hires.checkpoint)}")
    if hires and hires.vae:
        larger.append(f"--hires-vae {_quoted(hires.vae)}")
    return [*larger, *([f"--fix {fixes}"] if fixes else []), *enlarged]


def _wish(prompt: Prompt) -> tuple[str, Options]:
    """The person's words without the options in them, for which those of the recipe stand; and what was read."""
    try:
        asked = said.flags(prompt.text) if prompt.raw else said.read_options(prompt.text)
    except Refusal:  # an older version read it; this one does not
        return prompt.text, Options()
    return forms.said(asked) or prompt.text, asked.options


def _quoted(value: str) -> str:
    return '"' + value.replace('"', "'") + '"' if " " in value else value
