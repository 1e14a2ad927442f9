"""Short words for the engine tests: a recipe, the rows of some recipes drawn to the end, and diffusers' own answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import diffusers
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine import samplers
from engine.models.loaded import Loaded, Loras
from engine.pixels.region_map import NOTHING, PaintedMap
from engine.recipe import Recipe, Source, Upscale, Variation
from engine.speed.batched_call import Prepared
from engine.worker import autoencoder, prepare, rows
from prompts.prompt import Fragment, LoraUse, Prompt

Pixels = NDArray[np.int16]

# Everything that an infotext of ours says of a picture made from another.
FULL = Recipe(
    prompt=Prompt(
        text="一只戴红色帽子的橘猫，水彩 <lora:ink:0.8>",
        fragments=(Fragment("watercolor", 1.2), Fragment("an orange cat", source="橘猫"), Fragment("水墨")),
        negatives=(Fragment("blurry"), Fragment("low quality")),
        loras=(LoraUse("ink", 0.8),),
    ),
    model="realistic, v2",
    width=512,
    height=768,
    steps=28,
    sampler="DPM++ 2M Karras",
    guidance=7.5,
    seed=2**32 - 1,
    clip_skip=2,
    source=Source("a" * 64, 0.55),
    variation=Variation(9, 0.25),
    upscale=Upscale("Lanczos", 2.0),
)


def recipe(text: str = "a red cat", *, negative: str = "", seed: int = 1, **changes: Any) -> Recipe:
    """A small recipe: 64 × 64, five steps, guidance 7."""
    prompt = Prompt(
        text=text,
        fragments=(Fragment(text),) if text else (),
        negatives=(Fragment(negative),) if negative else (),
        raw=True,
    )
    values: dict[str, Any] = {
        "model": "tiny", "width": 64, "height": 64, "steps": 5, "sampler": "Euler", "guidance": 7.0,
    }  # fmt: skip
    return Recipe(prompt=prompt, seed=seed, **values | changes)


def over(strength: float) -> Source:
    """A source whose picture the test hands over itself."""
    return Source("a" * 64, strength)


def photograph(width: int = 64, height: int = 64) -> Image.Image:
    """A colourful picture to draw over."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    shades = np.stack([across, down, np.sin(9 * across * down) ** 2], axis=-1)
    return Image.fromarray((shades * 255).astype(np.uint8))


def pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB")).astype(np.int16)


def draw(
    loaded: Loaded,
    recipes: Sequence[Recipe],
    *,
    source: Image.Image | None = None,
    mask: Image.Image | None = None,
    wanted: Sequence[Loras] = (),
    late: Sequence[int] = (),
    painted: PaintedMap = NOTHING,
) -> list[Pixels]:
    """The pictures of all recipes from one set of rows; those numbered in `late` join after two turns."""
    at_work = rows.Rows()

    def join(index: int) -> None:
        own = recipes[index]
        loras = wanted[index] if wanted else ()
        over = (source, mask) if own.source else ()
        at_work.add(prepare.start("job", index, own, loaded, loras, *over, painted=painted))

    for index in range(len(recipes)):
        if index not in late:
            join(index)
    done: dict[int, Pixels] = {}
    turns = 0
    while len(at_work):
        turn = at_work.turn()
        for _, error in turn.failed:
            raise error
        for row in turn.stepped:
            if row.done:
                at_work.leave(row)
                done[row.index] = pixels(autoencoder.pictures(loaded, [row.latents], tiling=row.recipe.tiling)[0])
        turns += 1
        if turns == 2:
            for index in late:
                join(index)
    return [done[index] for index in range(len(recipes))]


def reference(pipeline: Any, own: Recipe, source: Image.Image | None = None, mask: Image.Image | None = None) -> Pixels:
    """What diffusers' pipeline makes of the recipe, with the scheduler a reader of the table would set, and which clips
    no latents, as pipelines of models that say `clip_sample` do."""
    row = samplers.SAMPLERS[own.sampler]
    changes = dict(row.overrides) | ({"noise_sampler_seed": own.seed} if row.seeded else {})
    scheduler = getattr(diffusers, row.scheduler).from_config(
        {**pipeline.scheduler.config, "clip_sample": False}, **changes
    )
    values: dict[str, Any] = {
        "prompt": own.prompt.positive,
        "negative_prompt": own.prompt.negative or None,
        "num_inference_steps": own.steps,
        "guidance_scale": own.guidance,
        "generator": torch.Generator("cpu").manual_seed(own.seed),
    }
    kind = diffusers.StableDiffusionPipeline
    if source is None:
        values |= {"width": own.width, "height": own.height, "guidance_rescale": own.rescale}
    else:
        assert own.source is not None
        kind = diffusers.StableDiffusionImg2ImgPipeline
        values |= {"image": source, "strength": own.source.strength}
    if mask is not None:
        kind = diffusers.StableDiffusionInpaintPipeline
        values |= {"mask_image": mask, "width": own.width, "height": own.height}
    other = kind(**pipeline.components, requires_safety_checker=False)
    other.scheduler = scheduler
    other.set_progress_bar_config(disable=True)
    return pixels(other(**values).images[0])


def gap(one: Pixels, other: Pixels) -> int:
    """The largest difference of any channel, in steps of 1/255."""
    return int(np.abs(one - other).max())


def like_a_card(work: Callable[[], Tensor]) -> tuple[Callable[[], object], Tensor, int]:
    """A capture that repeats the work on the same tensors, as a CUDA graph does, and holds as much as its output."""
    output = work()
    return lambda: output.copy_(work()), output, output.nbytes


def made_aside(prepared: Prepared) -> None:
    """Wait for every thread on which a shape is prepared."""
    for thread in threading.enumerate():
        if thread.name == prepared.backend.name:
            thread.join()
