"""One picture through the engine against diffusers' own pipeline, same model, prompt, sampler, steps and size."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from engine.files.catalog import DEMO, builtin
from tests.fakes import a_recipe
from tests.speed.figure import Figure

ROUNDS = 15


def figures() -> list[Figure]:
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline

    from engine.models.loading import load
    from engine.worker import autoencoder, prepare, rows

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pipe = StableDiffusionPipeline.from_pretrained(
        DEMO, safety_checker=None, dtype=torch.float32, local_files_only=True
    ).to(device)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    loaded = load(builtin(), device)
    recipe = replace(a_recipe(steps=20), sampler="Euler")

    def ours() -> None:
        drawn = rows.Rows()
        drawn.add(prepare.start("j", 0, recipe, loaded, ()))
        row = next(iter(drawn))
        while not row.done:
            drawn.turn()
        autoencoder.pictures(loaded, [row.latents])

    def theirs() -> None:
        pipe(
            recipe.prompt.positive,
            negative_prompt=recipe.prompt.negative,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance,
            width=recipe.width,
            height=recipe.height,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
        )

    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for turn in range(ROUNDS + 2):
        for name, draw in (("ours", ours), ("theirs", theirs)):
            began = time.perf_counter()
            draw()
            if turn >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - began)
    return [
        Figure(
            f"one picture, built-in model, 128×128, 20 steps, CFG, fp32, {device.type}",
            statistics.median(times["ours"]),
            "s",
            statistics.median(times["theirs"]),
            "StableDiffusionPipeline",
            "no slower than 1.05",
        )
    ]
