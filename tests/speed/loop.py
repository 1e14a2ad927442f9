"""What the loop adds to every step of rows of one sampler. First beside a stand-in for a card, which takes as long for
the UNet, and no processor, and is asked for one step while it does the one before: how long it stands idle. Then beside
a UNet that answers at once, on one thread of the processor, against diffusers' own steps row by row. What it costs the
drawing thread is its processor time, so that neither other programs nor noise drawn on threads of its own count; of
several steps the quickest, as on a busy machine that is nearest to what it can do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
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
LEAST_NOISE = 0.2  # ms of other threads a step that are somebody's noise
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
    found = [paced_figure(family, loaded, recipe) for recipe in (*recipes(loaded, side), *as_on_cards(loaded, side))]
    found.append(Figure(f"{family}, {rows} rows, the bare arithmetic of guidance", guidance(rows, side), "ms"))
    for recipe in recipes(loaded, side):
        took, count = loop(loaded, recipe, rows)
        bare, _ = loop(loaded, replace(recipe, width=BARE * loaded.scale, height=BARE * loaded.scale), rows)
        theirs = None if recipe.like else diffusers_way(loaded, recipe, rows)
        said = f"{100 * bare / floor:.1f} % of {floor:g} ms ({bare:.2f} ms) without the arithmetic; aim: < {AIM} %"
        said += f"; {100 * took / floor:.1f} % with it, {count} operations"
        name = f"{family}, {rows} rows, {_named(recipe)}, added to a step"
        found.append(Figure(name, took, "ms", theirs, "diffusers, row by row", said))
    return found


def _named(recipe: Recipe) -> str:
    if recipe.like is None:
        return recipe.sampler
    return f"A1111's {recipe.sampler}" + (", noise as cards draw it" if recipe.like.rng != "CPU" else "")


def paced_figure(family: str, loaded: Loaded, recipe: Recipe) -> Figure:
    """The drawing thread's milliseconds for a step at a card's pace, without the arithmetic that a card does; beside it
    how long the card stands idle for it, and what noise of the picture's real size takes."""
    rows, _, floor = SIZES[family]
    bare = paced(loaded, replace(recipe, width=BARE * loaded.scale, height=BARE * loaded.scale), rows, floor)
    whole = paced(loaded, recipe, rows, floor)
    said = f"the card idle for {bare.idle:.2f} ms of {floor:g} ({100 * bare.idle / floor:.1f} %; aim: < {AIM} %)"
    said += f"; with noise of the real size and the arithmetic {whole.idle:.2f} ms ({100 * whole.idle / floor:.1f} %)"
    if whole.noise > LEAST_NOISE:
        said += f"; noise takes {whole.noise:.1f} ms of other threads, so {whole.noise / floor:.2f} cores keep up"
    return Figure(f"{family}, {rows} rows, {_named(recipe)}, at a card's pace", bare.own, "ms", aim=said)


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


def as_on_cards(loaded: Loaded, side: int) -> list[Recipe]:
    """Some of A1111's with noise as NVIDIA's cards draw it, which takes a processor longer."""
    taken = ("Euler a", "DPM++ SDE", "DPM++ 2M SDE")
    ours = [recipe for recipe in recipes(loaded, side) if recipe.like and recipe.sampler in taken]
    return [replace(recipe, like=A1111(rng="GPU")) for recipe in ours]


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


class StandIn:
    """A card as the drawing thread knows it: a call of the UNet is done so many milliseconds after it was handed over,
    or after the one before it; `idle` are those in which it had none."""

    def __init__(self, floor: float) -> None:
        self._floor, self._done, self.idle = floor / 1000, 0.0, 0.0

    def ask(self) -> None:
        """Hand over a call of the UNet."""
        now = time.perf_counter()
        self.idle = max(0.0, now - self._done) * 1000
        self._done = max(now, self._done) + self._floor

    def settled(self, _: Any, before: float | None) -> float:
        """As engine/models/streams.py's: wait for the step before, so that there is one to do while the next one is
        put together."""
        if before is not None:
            time.sleep(max(0.0, before - time.perf_counter()))
        return self._done


@dataclass(frozen=True, slots=True)
class Paced:
    """Milliseconds of a step at a card's pace: `own` the drawing thread's (of the quickest), `idle` the card's (the
    median), `noise` of the other threads (the mean)."""

    own: float
    idle: float
    noise: float


def paced(loaded: Loaded, recipe: Recipe, count: int, floor: float) -> Paced:
    """So many rows of a recipe drawn beside a card whose UNet takes `floor` milliseconds."""
    from engine.models import streams
    from engine.worker import prepare
    from engine.worker.rows import Rows

    answer, settled, card = loaded.unet.forward, streams.settled, StandIn(floor)

    def asked(*told: Any, **named: Any) -> Any:
        card.ask()
        return answer(*told, **named)

    rows = Rows()
    for index in range(count):
        rows.add(prepare.start("j", index, replace(recipe, seed=index), loaded, ()))
    [*_, last] = rows
    steps: list[tuple[float, float, float]] = []
    loaded.unet.forward, streams.settled = asked, card.settled
    try:
        while last.left > 1 and len(steps) < STEPS:
            everybody, own = time.process_time(), time.thread_time()
            rows.turn()
            own = (time.thread_time() - own) * 1000
            steps.append((own, card.idle, (time.process_time() - everybody) * 1000 - own))
    finally:
        loaded.unet.forward, streams.settled = answer, settled
    taken, idle, noise = zip(*steps[FIRST:], strict=True)
    return Paced(min(taken), median(idle), mean(noise))


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
