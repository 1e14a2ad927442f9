"""Several people at once, each with a prompt, a sampler, steps, guidance and a LoRA of their own: the engine's rows,
diffusers one after another, and diffusers' own batching, which can mix none of these but prompts. On a processor it is
the process's own time that counts, as other programs have the machine as well."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import samplers
from engine.files.catalog import DEMO, Model, builtin
from engine.models.loaded import Loaded, Loras
from engine.recipe import Recipe
from tests.fakes import a_prompt, a_recipe
from tests.speed.figure import Figure

TEXTS = ("a red apple", "a black cat on a red background", "a blue house", "two yellow stars in the night")
SAMPLERS = ("Euler", "DPM++ 2M Karras", "Euler a", "DDIM", "UniPC")
COUNTS = (1, 4, 8, 16)
AIMS = {1: 1.0, 8: 1.25}  # times as many pictures a second as diffusers in turn
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Person:
    """What one of them wants; `lora` is a file, None for nobody's."""

    recipe: Recipe
    lora: Path | None

    @property
    def loras(self) -> Loras:
        return ((self.lora, 0.8, 0.8),) if self.lora else ()


def people(count: int, model: Model, files: Sequence[Path], steps: int = 10) -> list[Person]:
    """So many people, a quarter of them without a LoRA, with five samplers; their steps and guidance differ by a
    little."""
    made = []
    for index in range(count):
        recipe = replace(
            a_recipe(seed=index, steps=steps + index % 3, model=model.name),
            prompt=a_prompt(TEXTS[index % len(TEXTS)]),
            width=model.width,
            height=model.height,
            guidance=4.0 + index % 4,
            sampler=SAMPLERS[index % len(SAMPLERS)],
        )
        made.append(Person(recipe, files[index % len(files)] if index % 4 and files else None))
    return made


def rows(loaded: Loaded, at_once: Sequence[Person]) -> float:
    """Seconds until the last picture of the engine is decoded."""
    from engine.worker import autoencoder, prepare
    from engine.worker.rows import Rows

    began = _now()
    drawn = Rows()
    for index, person in enumerate(at_once):
        drawn.add(prepare.start("j", index, person.recipe, loaded, person.loras))
    while len(drawn):
        turn = drawn.turn()
        for _, error in turn.failed:
            raise error
        done = [row for row in turn.stepped if row.done]
        for row in done:
            drawn.leave(row)
        if done:
            autoencoder.pictures(loaded, [row.latents for row in done])
    return _now() - began


def _now() -> float:
    """Seconds, on a processor those that this process has had of it."""
    import torch

    return time.perf_counter() if torch.cuda.is_available() else time.process_time()


def in_turn(pipe: Any, at_once: Sequence[Person]) -> float:
    """Seconds that diffusers' pipeline takes for one after another. The LoRAs' adapters are loaded already."""
    import torch

    began = _now()
    for person in at_once:
        recipe = person.recipe
        pipe.scheduler = _scheduler(pipe, recipe)
        if person.lora:
            pipe.enable_lora()
            pipe.set_adapters([person.lora.stem], [0.8])
        else:
            pipe.disable_lora()
        pipe(
            recipe.prompt.positive,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance,
            width=recipe.width,
            height=recipe.height,
            generator=torch.Generator("cpu").manual_seed(recipe.seed),
        )
    return _now() - began


def _scheduler(pipe: Any, recipe: Recipe) -> Any:
    """What a reader of the samplers' table would set."""
    import diffusers

    row = samplers.SAMPLERS[recipe.sampler]
    return getattr(diffusers, row.scheduler).from_config(pipe.scheduler.config, **row.overrides)


def in_one_batch(pipe: Any, at_once: Sequence[Person]) -> float:
    """Seconds for diffusers' own batch: all with the most steps, one guidance and no LoRA."""
    import torch

    began = _now()
    pipe.disable_lora()
    pipe.scheduler = _scheduler(pipe, at_once[0].recipe)
    pipe(
        [person.recipe.prompt.positive for person in at_once],
        num_inference_steps=max(person.recipe.steps for person in at_once),
        guidance_scale=at_once[0].recipe.guidance,
        width=at_once[0].recipe.width,
        height=at_once[0].recipe.height,
        generator=[torch.Generator("cpu").manual_seed(person.recipe.seed) for person in at_once],
    )
    return _now() - began


def median(work: Callable[[], float], rounds: int = ROUNDS) -> float:
    """The middle of so many runs after one that warms up."""
    work()
    return statistics.median(work() for _ in range(rounds))


def dressed(pipe: Any, files: Sequence[Path]) -> Any:
    """The pipeline with all files loaded as adapters."""
    import warnings

    pipe.set_progress_bar_config(disable=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in files:
            pipe.load_lora_weights(path.parent, weight_name=path.name, adapter_name=path.stem, local_files_only=True)
    return pipe


def compared(
    loaded: Loaded, pipe: Any, files: Sequence[Path], counts: Sequence[int] = COUNTS, steps: int = 10
) -> list[Figure]:
    """Pictures a second for so many people, against both of diffusers' ways."""
    found = []
    for count in counts:
        group = people(count, loaded.model, files, steps)
        ours = count / median(lambda group=group: rows(loaded, group))
        theirs = count / median(lambda group=group: in_turn(pipe, group))
        name = f"{loaded.model.name}, {count} people with their own prompts, samplers, steps, guidance and LoRAs"
        aim = f"ratio of at least {AIMS[count]}" if count in AIMS else ""
        found.append(Figure(name, ours, "/s", theirs, "diffusers in turn", aim))
        if count > 1:
            batch = count / median(lambda group=group: in_one_batch(pipe, group))
            found.append(Figure(f"{loaded.model.name}, {count}, the same", ours, "/s", batch, "diffusers' one batch"))
    return found


def figures() -> list[Figure]:
    import torch
    from diffusers import StableDiffusionPipeline

    from engine.files import catalog
    from engine.models import loading
    from tests import tiny
    from tests.lora_files import kohya

    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiny.make(folder / "tiny")
        for model in (catalog.model(catalog.models([folder]), "tiny"), builtin()):
            loaded = loading.load(model, torch.device("cpu"))
            files = [kohya(folder / f"{model.name}{n}.safetensors", loaded, n, ("attn", "ff", "mlp")) for n in range(4)]
            path = DEMO if model.builtin else model.path
            pipe = StableDiffusionPipeline.from_pretrained(path, safety_checker=None, dtype=torch.float32)
            found += compared(loaded, dressed(pipe, files), files)
    return found
