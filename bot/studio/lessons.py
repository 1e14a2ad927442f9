"""What each parameter of a recipe does, shown by moving it alone: the table of lessons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.studio import lesson_moves, lesson_words
from bot.studio.lesson_moves import NONE, LessonFiles, Moved
from engine.recipe import HyperTile, Recipe, following


@dataclass(frozen=True, slots=True)
class ParameterLesson:
    """A parameter: its `name`, under which bot/texts says what it is called (`lesson.<name>`, with a `{value}`) and
    what it does (`lesson.<name>.why`); the `fields` of a recipe that hold it; `moved`: the recipe with this alone at a
    value that shows what it does, None where the recipe has nothing to be moved; `shown`: how its value is written;
    `called`: what people write for it besides."""

    name: str
    fields: tuple[str, ...]
    moved: Moved
    shown: Callable[[Recipe], str]
    called: tuple[str, ...] = ()


# In the order in which they are offered: what explains most about a picture first.
LESSONS: Mapping[str, ParameterLesson] = {
    one.name: one
    for one in (
        ParameterLesson("steps", ("steps",), lesson_moves.steps, lesson_moves.seen("steps")),
        ParameterLesson("guidance", ("guidance",), lesson_moves.guidance, lambda recipe: f"{recipe.guidance:g}"),
        ParameterLesson("sampler", ("sampler",), lesson_moves.sampler, lesson_moves.seen("sampler")),
        ParameterLesson("schedule", ("sampler", "like"), lesson_moves.schedule, lesson_moves.schedule_shown),
        ParameterLesson(
            "seed",
            ("seed",),
            lambda recipe, beside: replace(recipe, seed=following(recipe.seed, 1), variation=None),
            lesson_moves.seen("seed"),
        ),
        ParameterLesson(
            "size", ("width", "height"), lesson_moves.size, lambda recipe: f"{recipe.width}×{recipe.height}"
        ),
        ParameterLesson(
            "negative",
            ("prompt",),
            lesson_moves.worded(lesson_words.negative),
            lambda recipe: recipe.prompt.negative or NONE,
            ("negative prompt", "no", "反向", "反向词", "负面", "负面提示词", "负向提示词"),
        ),
        ParameterLesson(
            "emphasis",
            ("prompt",),
            lesson_moves.worded(lesson_words.emphasis),
            lesson_words.emphasised,
            ("weight of words", "attention", "强调", "词权重", "括号", "提示词权重"),
        ),
        ParameterLesson("style", ("prompt",), lesson_moves.worded(lesson_words.style), lesson_words.styled),
        ParameterLesson(
            "lora", ("prompt",), lesson_moves.worded(lesson_words.lora), lesson_words.lora_shown, ("weight", "权重")
        ),
        ParameterLesson(
            "denoising",
            ("source",),
            lesson_moves.denoising,
            lambda recipe: lesson_moves.number(recipe.source.strength) if recipe.source else NONE,
            ("strength",),
        ),
        ParameterLesson(
            "control",
            ("controls",),
            lesson_moves.control("strength", 0.3, 1.0),
            lambda recipe: f"{recipe.controls[0].strength:g}" if recipe.controls else NONE,
            ("controlnet", "control weight", "控制", "控制强度", "控制网"),
        ),
        ParameterLesson(
            "control_end",
            ("controls",),
            lesson_moves.control("end", 0.3, 1.0),
            lambda recipe: f"{recipe.controls[0].end:g}" if recipe.controls else NONE,
            ("control end", "ending control step", "控制结束", "引导终止时机"),
        ),
        ParameterLesson(
            "regions",
            ("regions",),
            lesson_moves.regions,
            lambda recipe: f"{recipe.regions.base:g}" if recipe.regions else NONE,
        ),
        ParameterLesson("clip_skip", ("clip_skip",), lesson_moves.clip_skip, lesson_moves.seen("clip_skip")),
        ParameterLesson(
            "variation",
            ("variation",),
            lesson_moves.variation,
            lambda recipe: lesson_moves.number(recipe.variation.strength) if recipe.variation else NONE,
            ("variation strength", "subseed", "变异", "变异强度", "差异随机种子"),
        ),
        ParameterLesson(
            "hires",
            ("hires",),
            lesson_moves.hires,
            lambda recipe: f"×{recipe.hires.factor:g}" if recipe.hires else NONE,
            ("hd",),
        ),
        ParameterLesson(
            "hires_denoising",
            ("hires",),
            lesson_moves.hires_denoising,
            lambda recipe: lesson_moves.number(recipe.hires.strength) if recipe.hires else NONE,
            ("hires strength", "hires denoising", "高清重绘幅度"),
        ),
        ParameterLesson(
            "upscale",
            ("upscale",),
            lesson_moves.upscale,
            lambda recipe: f"×{recipe.upscale.factor:g}" if recipe.upscale else NONE,
        ),
        ParameterLesson(
            "fixes",
            ("fixes",),
            lesson_moves.fixes,
            lambda recipe: "+".join(one.detector for one in recipe.fixes) or NONE,
            ("fix",),
        ),
        ParameterLesson("model", ("model",), lesson_moves.model, lesson_moves.seen("model")),
        ParameterLesson("vae", ("vae",), lesson_moves.vae, lesson_moves.seen("vae")),
        ParameterLesson(
            "refiner",
            ("refiner",),
            lesson_moves.refiner,
            lambda recipe: recipe.refiner.model if recipe.refiner else NONE,
            ("精修",),
        ),
        ParameterLesson(
            "quality", ("quality",), lesson_moves.turned("quality", "fast", ""), lesson_moves.seen("quality")
        ),
        ParameterLesson(
            "like",
            ("like", "sampler"),
            lesson_moves.like,
            lambda recipe: "A1111" if recipe.like else "diffusers",
            ("a1111", "画法"),
        ),
        ParameterLesson(
            "rescale",
            ("rescale",),
            lesson_moves.turned("rescale", 0.7, 0.0),
            lambda recipe: lesson_moves.number(recipe.rescale),
        ),
        ParameterLesson(
            "guided",
            ("guidance_start", "guidance_end"),
            lambda recipe, beside: replace(
                recipe,
                guidance_start=0.0,
                guidance_end=1.0 if recipe.guidance_end < 1 or recipe.guidance_start else 0.3,
            ),
            lambda recipe: f"{recipe.guidance_start:g}–{recipe.guidance_end:g}",
            ("guidance interval", "引导区间", "guidance-start", "guidance-end"),
        ),
        ParameterLesson(
            "curve",
            ("guidance_curve",),
            lesson_moves.turned("guidance_curve", "linear down", ""),
            lesson_moves.seen("guidance_curve"),
            ("guidance-curve",),
        ),
        ParameterLesson("tiling", ("tiling",), lesson_moves.turned("tiling", "xy", ""), lesson_moves.seen("tiling")),
        ParameterLesson(
            "freeu",
            ("freeu",),
            lesson_moves.freeu,
            lambda recipe: f"{recipe.freeu.b1:g}/{recipe.freeu.b2:g}" if recipe.freeu else NONE,
        ),
        ParameterLesson(
            "pag",
            ("pag",),
            lesson_moves.pag,
            lambda recipe: lesson_moves.number(recipe.pag.scale) if recipe.pag else NONE,
        ),
        ParameterLesson(
            "seg",
            ("seg",),
            lesson_moves.seg,
            lambda recipe: lesson_moves.number(recipe.seg.scale) if recipe.seg else NONE,
        ),
        ParameterLesson(
            "threshold",
            ("threshold",),
            lesson_moves.threshold,
            lambda recipe: lesson_moves.number(recipe.threshold.scale) if recipe.threshold else NONE,
            ("mimic",),
        ),
        ParameterLesson(
            "perpendicular",
            ("perpendicular",),
            lambda recipe, beside: (
                lesson_moves.turned("perpendicular", 1.0, 0.0)(recipe, beside) if recipe.prompt.negatives else None
            ),
            lambda recipe: lesson_moves.number(recipe.perpendicular),
            ("perp-neg",),
        ),
        ParameterLesson(
            "token_merging",
            ("token_merging",),
            lesson_moves.turned("token_merging", 0.7, 0.0),
            lambda recipe: lesson_moves.number(recipe.token_merging),
        ),
        ParameterLesson(
            "hypertile",
            ("hypertile",),
            lambda recipe, beside: replace(
                recipe,
                hypertile=None if recipe.hypertile else HyperTile(max(128, min(recipe.width, recipe.height) // 4), 1),
            ),
            lambda recipe: str(recipe.hypertile.tile) if recipe.hypertile else NONE,
        ),
    )
}


def offered(recipe: Recipe, beside: LessonFiles) -> dict[str, Recipe]:
    """The lessons that a recipe can give, each with the recipe that gives it."""
    found: dict[str, Recipe] = {}
    for name, lesson in LESSONS.items():
        moved = lesson.moved(recipe, beside)
        if moved is not None and moved != recipe:
            found[name] = moved
    return found
