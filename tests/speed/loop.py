"""What the loop adds to every step: rows of one sampler beside a UNet that answers at once, on one thread of the
processor, against diffusers' own steps row by row. What it costs the drawing thread is its processor time, so that
neither other programs nor noise drawn on threads of its own count; of several steps the quickest, as on a busy machine
that is nearest to what it can do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import a1111, samplers
from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from tests.fakes import a_prompt, a_recipe
from tests.speed.figure import Figure

# Rows, latent pixels along a side, and the UNet's milliseconds for them at the pace that an H200 has been seen to have.
SIZES = {"sd15": (16, 64, 33.0), "sdxl": (8, 128, 137.0)}
AIM = 2  # % of that
STEPS = 14
BARE = 8  # latent pixels along a side with which next to nothing is computed: what is left a card does not take over
FIRST = 3  # steps before those that are measured: words are put together, memory is taken


def figures() -> list[Figure]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return [figure for family in SIZES for figure in _family(family, Path(folder))]
    finally:
        torch.set_num_threads(threads)


def _family(family: str, folder: Path) -> list[Figure]:
    rows, side, floor = SIZES[family]
    loaded = at_once(family, folder)
    found = [Figure(f"{family}, {rows} rows, the bare arithmetic of guidance", guidance(rows, side), "ms")]
    for recipe in recipes(loaded, side):
        own = "A1111's " if recipe.like else ""
        took, count = loop(loaded, recipe, rows)
        bare, _ = loop(loaded, replace(recipe, width=BARE * loaded.scale, height=BARE * loaded.scale), rows)
        theirs = None if recipe.like else diffusers_way(loaded, recipe, rows)
        said = f"{100 * bare / floor:.1f} % of {floor:g} ms ({bare:.2f} ms) without the arithmetic; aim: < {AIM} %"
        said += f"; {100 * took / floor:.1f} % with it, {count} operations"
        name = f"{family}, {rows} rows, {own}{recipe.sampler}, added to a step"
        found.append(Figure(name, took, "ms", theirs, "diffusers, row by row", said))
    return found


def recipes(loaded: Loaded, side: int) -> list[Recipe]:
    """A recipe for every sampler, ours and A1111's."""
    base = replace(
        a_recipe(steps=STEPS, model=loaded.model.name),
        prompt=a_prompt("a red apple"),
        width=side * loaded.scale,
        height=side * loaded.scale,
        guidance=7.0,
    )
    ours = [replace(base, sampler=row.name) for row, _ in samplers.groups()]
    like = A1111(rng="CPU")
    return [*ours, *(replace(base, sampler=name, like=like) for name in a1111.SAMPLERS)]


def at_once(family: str, folder: Path) -> Loaded:
    """A tiny model of a family whose UNet has its answers ready."""
    import torch

    from engine.files import catalog
    from engine.models import loading
    from tests import tiny_families

    getattr(tiny_families, family)().save_pretrained(folder / family)
    loaded = loading.load(catalog.model(catalog.models([folder]), family), torch.device("cpu"))
    ready: dict[Any, Any] = {}

    def answer(samples: Any, *_: Any, **__: Any) -> Any:
        if samples.shape not in ready:
            ready[samples.shape] = torch.randn(samples.shape, generator=torch.Generator().manual_seed(1))
        return (ready[samples.shape],)

    loaded.unet.forward = answer
    return loaded


def loop(loaded: Loaded, recipe: Recipe, count: int) -> tuple[float, int]:
    """The drawing thread's milliseconds for a step of so many rows, and the torch operations in one."""
    from engine.worker import prepare
    from engine.worker.rows import Rows

    rows = Rows()
    for index in range(count):
        rows.add(prepare.start("j", index, replace(recipe, seed=index), loaded, ()))
    [*_, last] = rows

    def turn() -> None:
        for _, error in rows.turn().failed:
            raise error

    for _ in range(FIRST):
        turn()
    operations = counted(turn)
    times = []
    while last.left > 1 and len(times) < STEPS - FIRST:
        times.append(_milliseconds(turn))
    return min(times), operations


def guidance(count: int, side: int) -> float:
    """The milliseconds of what no loop can do without on this processor: latents twice, one prediction of two."""
    import torch

    latents, answer = torch.randn(count, 1, 4, side, side), torch.randn(count, 2, 4, side, side)
    shown = torch.empty_like(answer)

    def turn() -> None:
        shown.copy_(latents)
        without, text = answer.unbind(1)
        torch.lerp(without, text, 7.0)

    return min(_milliseconds(turn) for _ in range(4 * STEPS))


def diffusers_way(loaded: Loaded, recipe: Recipe, count: int) -> float:
    """The same for what diffusers' pipeline does around its UNet, once for every row."""
    import torch

    from engine.worker import prepare

    rows = [prepare.start("j", index, replace(recipe, seed=index), loaded, ()) for index in range(count)]
    answer = torch.randn(2, *rows[0].latents.shape[1:])
    times = []

    @torch.no_grad()
    def turn(at: int) -> None:
        for row in rows:
            now = row.timesteps[at]
            row.sampler.scale_model_input(torch.cat([row.latents] * 2), now)
            without, text = answer.chunk(2)
            guided = without + recipe.guidance * (text - without)
            row.latents = row.sampler.step(guided, now, row.latents, **row.extra, return_dict=False)[0]

    for at in range(STEPS - 1):
        times.append(_milliseconds(lambda at=at: turn(at)))
    return min(times[FIRST:])


def counted(call: Callable[[], None]) -> int:
    """The torch operations that reach a device in a call: of those that only look at memory otherwise, none."""
    from torch.utils._python_dispatch import TorchDispatchMode

    views = ("view", "expand", "slice", "select", "split", "chunk", "unsqueeze", "squeeze", "detach", "alias", "t.")
    seen = []

    class Counting(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = func.__name__
            if not name.startswith(views) and "_unsafe_view" not in name and "_is_all_true" not in name:
                seen.append(name)
            return func(*args, **(kwargs or {}))

    with Counting():
        call()
    return len(seen)


def _milliseconds(call: Callable[[], None]) -> float:
    began = time.thread_time()
    call()
    return (time.thread_time() - began) * 1000
