"""Pictures that follow a map: the built-in model with its net against diffusers' pipeline, and what the nets of some
cost the others. In the process's own time, and in turns, so that other programs on the machine count for neither."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.control import Control
from engine.files.catalog import COMPANIONS, DEMO, builtin, controlnets
from engine.models.loaded import Loaded
from engine.recipe import Recipe
from tests.fakes import a_prompt, a_recipe
from tests.speed.figure import Figure

ROUNDS, PEOPLE, STEPS = 5, 8, 20
TEXTS = ("a red apple", "a black cat on a red background", "a blue house", "two yellow stars in the night")


def figures() -> list[Figure]:
    import numpy as np
    import torch
    from diffusers import ControlNetModel, EulerDiscreteScheduler, StableDiffusionControlNetPipeline
    from PIL import Image

    from engine.models.loading import load

    loaded = load(builtin(), torch.device("cpu"))
    net = ControlNetModel.from_pretrained(COMPANIONS / "demo-edges", dtype=torch.float32)
    pipe = StableDiffusionControlNetPipeline.from_pretrained(
        DEMO, controlnet=net, safety_checker=None, dtype=torch.float32, local_files_only=True
    )
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    blocks = np.kron(np.random.default_rng(0).random((8, 8)) > 0.6, np.ones((16, 16)))
    shown = Image.fromarray((blocks * 255).astype(np.uint8)).convert("RGB")
    own = [
        replace(a_recipe(seed=seed, steps=STEPS), prompt=a_prompt(TEXTS[seed % len(TEXTS)]), sampler="Euler")
        for seed in range(PEOPLE)
    ]
    found = []
    for mode, words in (("", "one picture with a net"), ("control", "one picture, the map counts more")):
        ours, theirs = in_turns(
            lambda mode=mode: seconds(loaded, own[:1], shown, 1, mode),
            lambda mode=mode: by_diffusers(pipe, own[:1], shown, 1, mode),
        )
        name = f"{words}, built-in model, 128×128, {STEPS} steps, CFG"
        found.append(Figure(name, ours, "s", theirs, "StableDiffusionControlNetPipeline", "no slower"))
    half, whole, without = in_turns(
        lambda: seconds(loaded, own, shown, PEOPLE // 2),
        lambda: by_diffusers(pipe, own, shown, PEOPLE // 2),
        lambda: seconds(loaded, own, shown, 0),
    )
    name = f"{PEOPLE} people, half of them with a net"
    found.append(Figure(name, half, "s", whole, "diffusers in turn", "no slower"))
    found.append(Figure(f"{name}, all they take", half, "s", without, "nobody with a net"))
    with_nets, alone = in_turns(
        lambda: charged(loaded, own, shown, PEOPLE // 2), lambda: charged(loaded, own, shown, 0)
    )  # fmt: skip
    name = f"{name}: what one without is charged"
    found.append(Figure(name, with_nets, "s", alone, "nobody with a net", "the same: nets cost others nothing"))
    return found


def in_turns(*works: Callable[[], float]) -> tuple[float, ...]:
    """The middle of some runs of each, one after the other, after one that warms up."""
    times: list[list[float]] = [[] for _ in works]
    for turn in range(ROUNDS + 1):
        for work, took in zip(works, times, strict=True):
            took += [work()] if turn else [work()][:0]
    return tuple(statistics.median(took) for took in times)


def begun(loaded: Loaded, recipes: Sequence[Recipe], shown: Any, guided: int, mode: str = "") -> Any:
    """Rows of all recipes, the first so many with a net."""
    from engine.controls import nets
    from engine.controls.guide import guide
    from engine.pixels.control_map import ControlMap
    from engine.worker import prepare
    from engine.worker.rows import Rows

    [companion] = [one for one in controlnets([COMPANIONS]) if one.name == "demo-edges"]
    made = Rows(time.process_time)
    for index, recipe in enumerate(recipes):
        one = ControlMap(Control(companion.name, "", mode=mode), shown)
        guides = (guide(one, nets.load(companion, loaded)),) if index < guided else ()
        made.add(prepare.start(f"j{index}", index, recipe, loaded, (), guides=guides))
    return made


def seconds(loaded: Loaded, recipes: Sequence[Recipe], shown: Any, guided: int, mode: str = "") -> float:
    """The processor's seconds until all pictures are decoded."""
    from engine.worker import autoencoder

    began = time.process_time()
    drawn = begun(loaded, recipes, shown, guided, mode)
    while len(drawn):
        turn = drawn.turn()
        for _, error in turn.failed:
            raise error
        done = [row for row in turn.stepped if row.done]
        for row in done:
            drawn.leave(row)
        if done:
            autoencoder.pictures(loaded, [row.latents for row in done])
    return time.process_time() - began


def by_diffusers(pipe: Any, recipes: Sequence[Recipe], shown: Any, guided: int, mode: str = "") -> float:
    """The same for diffusers' pipelines, one picture after another."""
    import torch
    from diffusers import StableDiffusionPipeline

    parts = {name: part for name, part in pipe.components.items() if name not in ("controlnet", "image_encoder")}
    plain = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    plain.set_progress_bar_config(disable=True)
    began = time.process_time()
    for index, recipe in enumerate(recipes):
        more = {"image": shown, "guess_mode": mode == "control"} if index < guided else {}
        (pipe if index < guided else plain)(
            recipe.prompt.positive,
            negative_prompt=recipe.prompt.negative,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance,
            width=recipe.width,
            height=recipe.height,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
            **more,
        )
    return time.process_time() - began


def charged(loaded: Loaded, recipes: Sequence[Recipe], shown: Any, guided: int) -> float:
    """The device seconds of a picture without a net, where the first so many have one."""
    drawn = begun(loaded, recipes, shown, guided)
    rows = [row for row in drawn if row.index >= PEOPLE // 2]
    before = [row.seconds for row in rows]
    while not all(row.done for row in rows):
        drawn.turn()
    return statistics.mean(row.seconds - earlier for row, earlier in zip(rows, before, strict=True))
